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
)  # fmt: skip
