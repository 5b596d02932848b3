"""What ``hdc`` 3.2.0f prints, to the byte.

Messages of the server and of the device end in CRLF, those of the client in LF.
"""

from __future__ import annotations

VERSION = "Ver: 3.2.0f\n"
CHECK_SERVER = "Client version:Ver: 3.2.0f, server version:Ver: 3.2.0f\n"
SERVER_FAILED = "Connect server failed\n"
UNKNOWN_COMMAND = "Unknown operation command...\n"
USAGE = "                         OpenHarmony device connector(HDC) ...\n"

EMPTY = "[Empty]\r\n"
EMPTY_VERBOSE = "[Empty]\r\thdc\n"
LISTED = "{key}\n"
LISTED_UNAUTHORIZED = "{key}\tUnauthorized\n"
LISTED_VERBOSE = "{key}\t\t{connection}\t{state}\t{host}\thdc\n"
WAITED = "Wait for connected target is {key}\r\n"

CONNECT_OK = "Connect OK\r\n"
CONNECT_AGAIN = "[Info]Target is connected, repeat operation\r\n"
CONNECT_FAILED = "[Fail]Connect failed\r\n"
CONNECT_NO_PORT = "[Fail]CreateConnect failed\r\n"
CONNECT_BAD_ADDRESS = "[Fail][E001104]:IP address incorrect\n"

NEED_KEY = "[Fail]ExecuteCommand need connect-key? please confirm a device by help info\r\n"
NO_MATCH = "[Fail]Not match target founded, check connect-key please\r\n"
OFFLINE = "[Fail][E001005] Device not found or connected\r\n"
ESTABLISHING = "[Fail][E000004]:The communication channel is being established.\r\n"
UNAUTHORIZED = (
    "[Fail][E000002]:The device unauthorized.\r\n"
    "This server's public key is not set.\r\n"
    "Please check for a confirmation dialog on your device.\r\n"
    "Otherwise try 'hdc kill' if that seems wrong.\r\n"
)
REFUSED = (
    "[Fail][E000003]:The device unauthorized.\r\n"
    "The user denied the access for the device.\r\n"
    "Please execute 'hdc kill' and redo your command,\r\n"
    "then check for a confirmation dialog on your device.\r\n"
)

FINISHED = "FileTransfer finish, Size:{size}, File count = {count}, time:{ms}ms rate:{rate:.2f}kB/s"
NO_SUCH_FILE = "[Fail]Error opening file: no such file or directory, path:{path}\r\n"
NO_PERMISSION = "[Fail]Error opening file: permission denied, path:{path}\r\n"
READ_ONLY = "[Fail]Error opening file: read-only file system, path:{path}\r\n"
STOPPED = "[Fail]Transfer Stop at:{done}/{total}(Bytes), Reason: no space left on device\r\n"
NO_PATHS = "[Fail]There is no local and remote path\r\n"
NO_REMOTE_PATH = "[Fail]There is no remote path\r\n"
UNKNOWN_OPTION = "[Fail]Unknown file option: {option}\r\n"
CHANNEL_GONE = "[F][{now}] SendWithCmd hChannel nullptr channelId:{channel}\n"

PORT_NOT_DIGIT = "OHOS_HDC_SERVER_PORT {port} is not digit\n"
PORT_OUT_OF_RANGE = "OHOS_HDC_SERVER_PORT {port} is not in (0, 65535] range\n"
