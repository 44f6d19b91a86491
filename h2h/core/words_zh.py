"""The same words in Chinese (`words.py`): states, outcomes, events, and what to do. Commands are typed as they are."""

from __future__ import annotations

from h2h.core.code_data.advice import Money, Resend
from h2h.core.findings import WhoActs
from h2h.core.labels_zh import LABELS
from h2h.core.lifecycle import State
from h2h.core.outcome import Outcome
from h2h.core.saying import Saying, Step
from h2h.core.words import ATTENTION, HELD, STATES, Words
from h2h.core.words_of_requests import REQUESTS


def _say(state: State, words: str, step: str) -> tuple[State, Saying]:
    return state, Saying(words, step, STATES[state].commands)


_STATES: dict[State, Saying] = dict(
    (
        _say(State.RECEIVED, "已收到文件，等待检查", "等待"),
        _say(State.CONVERTED, "文件已检查，并已转换为银行格式", "等待"),
        _say(State.AWAITING_RELEASE, "文件已检查，等待放行", "查看后放行，或放弃"),
        _say(State.SEALED, "文件已签名加密，等待发送", "等待"),
        _say(State.SENDING, "文件正在发送，银行尚看不到", "等待"),
        _say(State.COMMITTING, "文件已到银行门口，正在确认是否送达", "等待"),
        _say(State.SENT, "银行已收到文件，尚未答复", "等待银行答复"),
        _say(State.ACKNOWLEDGED, "银行已确认收到文件", "等待银行处理结果"),
        _say(State.ACCEPTED, "银行已接受全部付款", "无需操作"),
        _say(
            State.PARTIALLY_ACCEPTED,
            "银行接受了部分付款，拒绝了其余付款",
            "更正被拒绝的付款后作为新付款发送；其余付款不得再次发送",
        ),
        _say(State.REJECTED, "银行拒绝了整个文件，其中付款均不会执行", "查看原因，更正后发送新付款"),
        _say(State.DUPLICATE, "此前已收到同一文件，没有再次发送", "如属误操作则无需处理"),
        _say(State.REFUSED, "文件被 h2h 拒绝，没有发送", "按错误报告更正"),
        _say(State.HELD, "文件被暂扣，没有发送", "查看原因，然后放行或放弃"),
        _say(
            State.IN_DOUBT,
            "无法确定银行是否已收到文件；h2h 不会自行再次发送",
            "先让 h2h 再核对一次；再向银行查询是否收到文件 {remote_name}，并把结果告诉 h2h",
        ),
        _say(State.CANCELLED, "文件已由人工放弃，没有发送", "无需操作"),
        _say(State.TAKEN_OVER, "这些付款由人工以其他方式发送；h2h 不再发送", "h2h 中无需操作"),
    )
)

_REQUESTS: dict[str, dict[State, tuple[str, str]]] = {
    "camt.055": {
        State.CONVERTED: ("撤回申请已检查", "等待"),
        State.AWAITING_RELEASE: ("撤回申请已检查，等待放行", "查看后放行，或放弃"),
        State.SENT: ("银行已收到撤回申请，尚未答复", "等待银行答复；答复之前不要重新付款"),
        State.ACKNOWLEDGED: ("银行已收到撤回申请，尚未全部决定", "等待银行答复；答复之前不要重新付款"),
        State.ACCEPTED: ("银行同意撤回全部所申请的付款", "在对账单中留意退回的款项"),
        State.PARTIALLY_ACCEPTED: ("银行同意撤回一部分，拒绝其余", "逐笔查看；被拒绝的请与收款人联系"),
        State.REJECTED: ("银行拒绝撤回；付款保持原状", "查看银行的原因，然后与收款人联系"),
    },
    "camt.060": {
        State.CONVERTED: ("对账单查询已检查", "等待"),
        State.SENT: ("银行已收到对账单查询，尚未答复", "等待"),
        State.ACKNOWLEDGED: ("银行确认收到对账单查询", "等待对账单"),
        State.ACCEPTED: ("银行已答复：所查询的内容已到", "无需操作"),
        State.REJECTED: ("银行不答复该查询", "查看银行的原因，并向银行询问"),
    },
}

_HELD_STEPS: dict[str, str] = {
    "H4-": "与之前的文件比较：若付款已经做过则放弃；若是新付款则放行",
    "H2H-": "查明规则所指出的情况是否属实且有意；若是则放行，否则放弃并重新导出",
    "H7-UNTRUSTED": "修复密钥（或原因中指出的问题）并验证，然后放行",
    "H8-ANSWERED": "查明是谁把这些付款发给了银行；若已发送则放弃，若银行没有收到则放行",
    "H5-OLDER-COPY": "在归档和银行查明该副本之后是否已发送；若没有则放行，否则接管或放弃",
    "H5-OLDER-JOURNAL": "重新启动 h2h：它会用账本补全日志，并在银行查找该文件",
    "H9-LATE": "查明这些付款期间是否已用其他方式支付；若没有则放行，否则放弃",
    "H12-RETRIES": "查明为何无法连接银行；然后放行，或以其他方式发送",
    "UNEXPECTED": "把当时的日志交给 h2h 维护人员；原因消除后放行，或以其他方式发送",
}

_OUTCOMES: dict[Outcome, Saying] = {
    Outcome.PENDING: Saying("银行尚未答复", "等待银行答复"),
    Outcome.PROCESSING: Saying("银行正在处理", "等待银行处理结果"),
    Outcome.ACCEPTED: Saying("银行已接受，将会执行", "等待对账单"),
    Outcome.SETTLED: Saying("已付款", "无需操作"),
    Outcome.REJECTED: Saying("银行拒绝，没有付款", "查看原因，更正后作为新付款发送"),
    Outcome.RETURNED: Saying("已付款，但资金被退回", "查看原因，更正后作为新付款发送"),
    Outcome.CANCELLED: Saying("已在银行撤销，没有付款", "查明由谁撤销"),
    Outcome.UNKNOWN: Saying("银行返回了未知的状态", "向银行询问其含义"),
}

_WHO: dict[WhoActs, str] = {
    WhoActs.ACCOUNTS_PAYABLE: "应付账款人员",
    WhoActs.ERP_TEAM: "ERP 团队",
    WhoActs.TREASURY: "资金部",
    WhoActs.SYSTEM_ADMINISTRATOR: "系统管理员",
    WhoActs.BANK: "银行",
    WhoActs.NOBODY: "无需任何人",
}

_EVENTS: dict[str, str] = {
    "received": "从 ERP 文件夹收取文件（{size} 字节）",
    "restored": "由账簿恢复到较旧的日志库中",
    "source-discarded": "ERP 的文件已从其文件夹移除；归档中保留",
    "converted": "已读取、检查并写成银行格式：{transaction_count} 笔付款",
    "refused": "h2h 拒绝了文件",
    "duplicate-found": "发现是重复文件",
    "duplicate-warning": "发现其中有以前文件的付款，按配置继续",
    "release-required": "等待放行",
    "released": "{actor} 已放行",
    "held": "已暂扣",
    "sealed": "已确定最终内容及其在银行的文件名：{remote_name}",
    "send-started": "开始以临时文件名上传（第 {attempt} 次）",
    "send-failed": "在银行能看到文件之前上传失败；h2h 会再试",
    "commit-started": "上传完整并已回读核对；已请求银行服务器改名",
    "delivered": "银行已收到文件：{evidence}",
    "outcome-unknown": "无法确定银行是否已收到文件",
    "evidence-too-late": "在有人作出其他决定之后，才得到银行已收到文件的证据：{evidence}",
    "looked-again": "{actor} 让 h2h 再次核对：{seen}",
    "resolved-sent": "{actor} 查明银行已收到文件",
    "resolved-not-sent": "{actor} 查明银行没有收到文件；h2h 将再次发送",
    "bank-acknowledged": "银行确认收到文件",
    "bank-accepted": "银行接受了付款",
    "bank-partially-accepted": "银行接受了部分付款，拒绝了其余付款",
    "bank-rejected": "银行拒绝了文件",
    "decision-asked": "{actor} 请求“{decision}”；须由第二人发出同样的命令",
    "cancelled": "{actor} 已放弃",
    "taken-over": "{actor} 已接管，将以其他方式发送",
    "reported": "银行报告第 {ordinal} 笔付款：{to}",
    "late-report": "关于第 {payment} 笔付款的迟到报告没有改变任何内容",
    "contradicting-report": "关于第 {payment} 笔付款的报告与之前的矛盾：原为 {known}，现为 {reported}",
    "report-changed-nothing": "银行的一份报告没有改变任何内容",
    "recall-requested": "{actor} 申请撤回 {which}（{reason_code}），提交编号 {recall}",
    "cancellation-answered": "银行答复了第 {payment} 笔付款的撤回申请：{answer}",
    "seal-made": "已为银行签名并加密",
    "temporary-to-be-removed": "即将从银行删除临时文件",
    "temporary-removed": "已从银行删除临时文件，之后不可能再被改名",
    "temporary-vanished": "完整上传的文件在 h2h 请求改名之前已从银行消失：{problem}",
    "temporary-left": "较早一次未完成的上传留在银行；无害",
    "converted:recalls": "已对照银行已收到的付款检查",
    "converted:asks": "已检查",
    "bank-acknowledged:recalls": "银行已答复 {of} 笔中的 {answered} 笔，尚未全部决定",
    "bank-accepted:recalls": "银行同意撤回全部所申请的付款：{of} 笔",
    "bank-partially-accepted:recalls": "银行同意撤回一部分，拒绝其余",
    "bank-rejected:recalls": "银行拒绝撤回全部所申请的付款：{of} 笔",
    "bank-accepted:asks": "所查询的内容已到",
    "fetched": "已从银行取回（{size} 字节）",
    "opened": "已打开；如该银行签名，签名有效",
    "removed-at-bank": "已在银行删除，或移到一旁",
    "read": "已读取并检查：{format}",
    "matched": "已与发出的付款匹配",
    "delivered-to-erp": "已交付 ERP",
    "quarantined": "已隔离；没有任何内容交给 ERP",
    "reread": "{actor} 让 h2h 从归档重新读取",
    "duplicate": "银行此前给过同一报文；只交付一次",
}

_ATTENTION_STEPS: dict[str, str] = {
    "in-doubt": "向银行查询是否收到文件，并把结果告诉 h2h",
    "held": "查看原因，然后放行或放弃",
    "second-person": "若同意，请由第二人发出同样的命令；若不同意，请关闭本项，该请求即失效",
    "cannot-go-on": "消除原因；h2h 会自行继续并关闭本项",
    "overdue-answer": "询问银行；不要再次发送文件",
    "disk-full": "释放空间；h2h 会自行继续并关闭本项",
    "folder-unavailable": "挂载文件夹或授予 h2h 用户权限；h2h 会自行继续",
    "refused-file": "更正文件后重新放入",
    "odd-file": "把它移出文件夹，或更正；之后 h2h 自行关闭此项",
    "odd-remote-name": "询问银行这是什么；h2h 不会取回",
    "bank-unreachable": "查明原因；h2h 会自行再试",
    "another-installation": "查明是哪台机器并停止其上的 h2h；在此期间本机既不发送也不取回",
    "host-key": "打电话询问银行其密钥是否已更换；只有银行确认后才在配置中登记新密钥",
    "key-expires": "及时与银行交换新密钥（可同时登记两把）；之后 h2h 自行关闭此项",
    "temporary-taken": "询问银行是否会取走临时文件名的文件；请在银行不读取的文件夹中上传（folders.temporary）",
    "clock-jump": "检查时钟及时间服务器；关闭本项后 h2h 恢复发送",
    "clocks-differ": "让该节点与数据库服务器使用同一时间服务器",
    "nodes-differ": "使各节点的配置文件一致，然后在每个节点重新加载 h2h",
    "receipt-not-written": "授予 h2h 用户写入文件夹的权限；h2h 会自行继续",
    "file-too-large": "询问银行，或调高 limits.file_bytes_max；文件仍在银行",
    "cannot-fetch": "消除原因；回复仍在银行，h2h 会自行取回",
    "cannot-fetch-file": "请银行给予读取该文件的权限；h2h 会自行重试",
    "cannot-remove": "向银行申请权限，或设置 after_fetch = 'keep'；不会重复取回",
    "quarantined": "查看原因；没有任何内容交给 ERP。消除原因后让 h2h 重新读取，或询问银行",
    "file-waits": "消除原因；h2h 会自行继续并关闭本项",
    "unknown-message": "查明谁在用你们的合约发送，或是否有测试系统读取了生产环境",
    "unexpected-message": "询问银行为何发送此报文",
    "not-in-this-form": "使用其他格式或原始文件；更正文件夹设置，或向银行索取缺少的内容",
    "undeliverable": "在配置中指定入站文件夹，并从归档中取出文件",
    "unknown-account": "把账户加入银行配置，或询问银行为何发送",
    "contradiction": "与银行查明资金所在；两份报告均已保留",
    "unmatched-status": "询问银行指的是哪一笔付款",
    "unknown-status": "询问银行该状态的含义",
    "cancellation-answer": "告知申请撤回的人；若款项已付，请留意退款入账",
    "request-refused": "查看银行的原因；更正申请，或致电银行",
    "unmatched-cancellation": "查明是谁向银行申请撤回付款，以及是哪一笔",
    "cancellation-request": "查明款项是否应退；由账户所有人答复银行",
    "payee-check": "通过已知电话与收款人核对名称，然后在银行批准或撤回",
    "answer-to-unsent": "在发送之前查明是否有人以其他方式发送过",
    "amount-differs": "比较入账与付款金额，并询问银行",
    "ambiguous-entry": "在银行协助下区分这些付款",
    "batch-differs": "比较入账与各笔付款，并询问银行",
    "statement-gap": "向银行索取缺失的对账单",
    "statement-break": "询问银行余额为何不连续",
    "statement-sums": "询问银行其对账单为何合计不符",
    "statement-reissued": "询问银行两份中哪一份正确",
    "journal-rollback": "查明谁恢复了较旧的日志库；没有任何重复发送",
    "restored-without-payments": "查看归档中的文件；银行的答复只能与整个文件匹配",
    "worker-error": "把当时的日志交给 h2h 维护人员",
}

_FILE_STATES: dict[str, Saying] = {
    "FETCHED": Saying("已取得银行文件", "等待"),
    "OPENED": Saying("已打开银行文件，等待读取", "等待"),
    "READ": Saying("已读取银行文件，等待匹配付款", "等待"),
    "MATCHED": Saying("已匹配，等待交付 ERP", "等待"),
    "DELIVERED": Saying("ERP 已收到", "无需操作"),
    "QUARANTINED": Saying(
        "已隔离；没有任何内容交给 ERP",
        "查看原因；消除原因后让 h2h 重新读取，或询问银行",
        ('h2h reread {sid} --reason "已如何处理"',),
    ),
    "DUPLICATE": Saying("银行此前给过同一报文；只交付一次", "无需操作"),
}

CHINESE = Words(
    language="zh",
    states=_STATES,
    held={reason: Step(text, HELD[reason].commands) for reason, text in _HELD_STEPS.items()},
    outcomes=_OUTCOMES,
    who=_WHO,
    events=_EVENTS,
    requests={
        start: {state: Saying(*said, REQUESTS[start][state].commands) for state, said in sayings.items()}
        for start, sayings in _REQUESTS.items()
    },
    attention={kind: Step(text, ATTENTION[kind].commands) for kind, text in _ATTENTION_STEPS.items()},
    file_states=_FILE_STATES,
    unknown_attention=Step("阅读说明并照办", ('h2h attention close {number} --reason "WHAT WAS DONE"',)),
    resend={
        Resend.YES: "可以，更正后使用新的参考号：银行没有执行",
        Resend.AFTER_CONFIRMATION: "仅在银行确认没有执行之后，使用新的参考号",
        Resend.SAME_AFTER_CONFIRMATION: "仅在银行确认从未收到之后，发送同一文件",
        Resend.NEVER: "不可以",
        Resend.NOT_NEEDED: "不需要",
    },
    money={
        Money.NOT_MOVED: "未付款；已扣款项将冲回",
        Money.PAID: "已付款；仍可能退回",
        Money.CAME_BACK: "已付款后退回",
        Money.UNKNOWN: "仅凭此代码无法确定",
        Money.UNAFFECTED: "此代码不影响资金",
    },
    fixed={
        "now": "现在",
        "must-act": "由谁处理",
        "next-step": "下一步",
        "needs-a-person": "需要人工处理",
        "nothing": "无",
        "story": "经过",
        "payments": "付款",
        "artefacts": "归档文件",
        "findings": "检查结果",
        "reported-many": "银行报告 {count} 笔付款：{to}",
        "may-send-again": "可否再次发送",
        "money": "资金状态",
        "statement": "对账单",
    },
    labels=LABELS,
)
