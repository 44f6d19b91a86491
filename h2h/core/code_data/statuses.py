"""Status codes: what the bank says of a file, an instruction or a payment (pain.002), or of its cancellation."""

from __future__ import annotations

# code, ISO 20022's name, final?, English, Chinese
STATUSES: tuple[tuple[str, str, bool, str, str], ...] = (
    ("RCVD", "Received", False, "the bank has the file", "银行已收到文件"),
    ("ACTC", "AcceptedTechnicalValidation", False, "the format is fine; nothing is decided yet", "格式无误，尚未处理"),
    ("ACCP", "AcceptedCustomerProfile", False, "the bank's checks of the customer passed", "客户检查已通过"),
    ("ACFC", "AcceptedFundsChecked", False, "accepted, and there is cover", "已受理，余额充足"),
    ("PATC", "PartiallyAcceptedTechnicalCorrect", False,
     "another person must approve it at the bank", "尚需其他人审批"),
    ("PDNG", "Pending", False, "the bank is still checking; wait", "银行仍在检查，请等待"),
    ("ACSP", "AcceptedSettlementInProcess", False, "accepted and on its way to settlement", "已受理，清算中"),
    ("ACWC", "AcceptedWithChange", False,
     "accepted, but the bank changed something; read its text", "已受理但有变更，见附注"),
    ("ACWP", "AcceptedWithoutPosting", False, "accepted, not yet booked to the payee", "已受理，尚未入账"),
    ("PRES", "Presented", False, "presented to the other bank", "已提交对方银行"),
    ("ACPD", "AcceptedClearingProcessed", False, "the clearing has taken it", "清算系统已受理"),
    ("ACSC", "AcceptedSettlementCompletedDebitorAccount", True, "paid; it may still be returned", "已付款；仍可能退回"),
    ("ACCC", "AcceptedSettlementCompletedCreditorAccount", True, "paid and with the payee", "已付款并已入收款人账户"),
    ("ACIS", "AcceptedandChequeIssued", True, "a cheque was issued", "支票已开出"),
    ("CPUC", "CashPickedUpByCreditor", True, "the payee has picked up the cash", "收款人已取现"),
    ("PART", "PartiallyAccepted", False, "some accepted, some not; look at each payment", "部分受理，请逐笔查看"),
    ("BLCK", "Blocked", False, "the bank has stopped it and may keep it stopped", "银行已冻结，可能持续"),
    ("CANC", "Cancelled", True, "cancelled as asked", "已按要求撤销"),
    ("RJCT", "Rejected", True, "not paid; the reason code says why", "未付款，原因见原因代码"),
    ("RCVC", "ReceivedVerificationCompleted", False, "the payee's name matches the account", "收款人名称与账户一致"),
    ("RVMC", "ReceivedVerificationCompletedMatchClosely", False, "the payee's name nearly matches", "收款人名称近似"),
    ("RVNM", "ReceivedVerificationCompletedNoMatch", False,
     "the payee's name does not match the account", "收款人名称与账户不符"),
    ("RVNA", "ReceivedVerificationCompletedNotApplicable", False,
     "the payee's name could not be checked", "无法核对收款人名称"),
    # The answer to a cancellation (camt.029).
    ("ACCR", "AcceptedCancellationRequest", True,
     "the cancellation is accepted; what was paid is booked back later", "撤回已接受；已付款项随后退回"),
    ("RJCR", "RejectedCancellationRequest", True,
     "the cancellation is refused; the payment stays as it was", "撤回被拒绝，付款状态不变"),
    ("PDCR", "PendingCancellationRequest", False, "the cancellation is not decided yet", "撤回尚未决定"),
    ("PACR", "PartiallyAcceptedCancellationRequest", False,
     "some of the cancellations are accepted; look at each payment", "部分撤回被接受，请逐笔查看"),
)  # fmt: skip
