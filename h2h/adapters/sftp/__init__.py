"""A bank behind an SFTP server, over paramiko's SSH transport.

`connect` reaches the server and proves who it is, `wire` speaks SFTP version 3, `session` gives the answers their
meaning in h2h's words, `channel` ties them together. SFTP itself is spoken here and not by `paramiko.SFTPClient`,
because that one swallows the reply to a close, reads a cut-off reply as "OK", and fails on a whole folder for one name
that is not UTF-8 (paramiko 5.1).
"""

from h2h.adapters.sftp.channel import BankOverSftp

__all__ = ["BankOverSftp"]
