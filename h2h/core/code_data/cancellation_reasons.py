"""ExternalPaymentCancellationRejection1Code: why a bank gives no payment back (camt.029, CxlStsRsnInf/Rsn/Cd)."""

from __future__ import annotations

# code, ISO 20022's name, advice (advice.py), meaning, Chinese
CANCELLATION_REASONS: tuple[tuple[str, str, str, str, str], ...] = (
    ("AC04", "ClosedAccountNumber", "recall-refused", "the payee's account is closed by now", "收款账户已销户"),
    ("AGNT", "AgentDecision", "recall-refused", "a bank on the way refuses to cancel it", "路径中的银行拒绝撤回"),
    ("AM04", "InsufficientFunds", "recall-refused", "the payee's account does not hold the money any more",
     "收款账户余额不足"),
    ("ARDT", "AlreadyReturned", "recall-back", "the money was returned before", "款项此前已退回"),
    ("ARPL", "AwaitingReply", "recall-wait", "the payee's bank has not answered yet", "收款行尚未答复"),
    ("CUST", "CustomerDecision", "recall-refused", "the payee does not agree to give it back", "收款人不同意退回"),
    ("LEGL", "LegalDecision", "recall-refused", "the law does not allow it", "法律不允许撤回"),
    ("NARR", "Narrative", "read-text", "only the bank's text says why", "原因见银行附言"),
    ("NOAS", "NoAnswerFromCustomer", "recall-refused", "the payee has not answered", "收款人未答复"),
    ("NOOR", "NoOriginalTransactionReceived", "ask-bank", "the bank never received the payment", "银行从未收到原付款"),
    ("PTNA", "PastToNextAgent", "recall-wait", "the payment has gone on to the next bank", "付款已转至下一家银行"),
    ("RQDA", "RequestedDebitAuthority", "recall-wait", "the payee was asked for the authority to debit",
     "已向收款人请求扣款授权"),
    # Known by their definitions, without the name that ISO 20022 gives them.
    ("AACR", "", "other-kind", "the request to pay was accepted already", "付款请求已被接受"),
    ("ACLR", "", "other-kind", "the request to pay was cancelled already", "付款请求已撤销"),
    ("ADAC", "", "recall-wait", "the payee has not allowed yet to debit the account", "收款人尚未授权扣款"),
    ("AEXR", "", "other-kind", "the request to pay has expired", "付款请求已过期"),
    ("ARFR", "", "other-kind", "the payer refused the request to pay already", "付款请求已被拒付"),
    ("ARJR", "", "other-kind", "the request to pay was rejected already", "付款请求已被拒绝"),
    ("IDMN", "", "recall-ask", "the banks want an indemnity before they give it back", "退回前需先签订赔偿协议"),
    ("PATE", "", "other-kind", "the payment of the request to pay is on its way already",
     "付款请求的付款已提交执行"),
    ("RCAR", "", "other-kind", "the cancellation of the request to pay was rejected before",
     "付款请求的撤销此前已被拒绝"),
    ("RCNR", "", "other-kind", "the cancellation of the request to pay never arrived", "从未收到付款请求的撤销"),
    ("RCPR", "", "other-kind", "the cancellation of the request to pay was done before", "付款请求的撤销此前已处理"),
    ("RR04", "", "recall-refused", "a regulation does not allow it", "监管原因不允许"),
    ("URTP", "", "other-kind", "the request to pay is not known", "付款请求不明"),
    ("WSEQ", "", "recall-ask", "the sequence that the request names is not valid", "申请所指的序号无效"),
)  # fmt: skip
