"""What requests need of the running application."""

from starlette.requests import HTTPConnection

from sync_server.service.server import Server


def server_of(request: HTTPConnection) -> Server:
    """The server that answers this request."""
    server: Server = request.app.state.server
    return server
