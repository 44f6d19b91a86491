"""ExternalCancellationReason1Code: why somebody calls a payment back (camt.055 and camt.056, CxlRsnInf/Rsn/Cd).

Codes of requests to pay, and those that only settlement systems use among themselves, are left out.
"""

from __future__ import annotations

# code, ISO 20022's name, meaning, Chinese
RECALL_REASONS: tuple[tuple[str, str, str, str], ...] = (
    ("AC02", "InvalidDebtorAccountNumber", "our own account in it is wrong", "我方账号错误"),
    ("AC03", "InvalidCreditorAccountNumber", "it went to a wrong account number", "收款账号错误"),
    ("AGNT", "IncorrectAgent", "a bank in it is wrong", "路径中的银行有误"),
    ("AM09", "WrongAmount", "the amount is wrong", "金额错误"),
    ("BE16", "InvalidDebtorIdentificationCode", "our identification in it is wrong or missing", "我方标识错误或缺失"),
    ("COVR", "CoverCancelledOrReturned", "its cover was cancelled or came back", "头寸已撤销或退回"),
    ("CURR", "IncorrectCurrency", "the currency is wrong", "币种错误"),
    ("CUST", "RequestedByCustomer", "the payer wants it cancelled", "付款人要求撤回"),
    ("CUTA", "CancelUponUnableToApply", "enquiries showed that it cannot be credited", "查询后仍无法入账"),
    ("DS24", "WaitingTimeExpired", "the order was not completed in time", "指令超时失效"),
    ("DT01", "InvalidDate", "a date in it is wrong", "日期错误"),
    ("DUPL", "DuplicatePayment", "it was paid twice", "重复付款"),
    ("FRAD", "FraudulentOrigin", "it came about by fraud", "付款源于欺诈"),
    ("MD06", "RefundRequestByEndCustomer", "the customer wants the money back", "客户要求退款"),
    ("NARR", "Narrative", "only the text says why", "原因见文字说明"),
    ("SVNR", "ServiceNotRendered", "goods, service or cash did not come as agreed", "商品、服务或现金未按约定提供"),
    ("TECH", "TechnicalProblem", "a technical fault made it", "技术故障造成的错误付款"),
    ("ENUE", "", "the payer made a mistake in it", "付款人自身差错"),
    ("UAPA", "", "it was not properly authorised", "付款未经适当授权"),
    ("UPAY", "UnduePayment", "it was not owed", "付款无依据"),
)
