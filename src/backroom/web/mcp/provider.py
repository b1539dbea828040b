"""OAuth as the SDK's handlers want it, on our accounts. Imported with the SDK alone."""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from mcp.server.auth.middleware.client_auth import ClientAuthenticator
from mcp.server.auth.provider import (
    AccessToken,
    AuthorizationCode,
    AuthorizationParams,
    AuthorizeError,
    OAuthAuthorizationServerProvider,
    RefreshToken,
    RegistrationError,
    TokenError,
)
from mcp.shared.auth import InvalidRedirectUriError, InvalidScopeError, OAuthClientInformationFull, OAuthToken
from pydantic import AnyUrl, ValidationError
from starlette.requests import Request

from backroom.access import KeyScope
from backroom.accounts import oauth, oauth_tokens
from backroom.accounts.oauth import NAME_LENGTH, OFFERED, Asked, Kind
from backroom.accounts.oauth_tokens import Tokens
from backroom.clock import now_ms
from backroom.errors import Failure, Invalid
from backroom.web.mcp.documents import DocumentFailed, Documents, Why, is_document_id
from backroom.web.mcp.programs import OF_SIGN_IN, Failed, is_ours
from backroom.web.shared import Shared

MOST_REDIRECTS = 20
METADATA_BYTES = 8 * 1024
DANGEROUS = frozenset({"javascript", "data", "vbscript", "file", "blob", "about", "ftp", "ws", "wss"})
ALL_SCOPES = " ".join(OFFERED)


PUBLIC: dict[str, Any] = {"token_endpoint_auth_method": "none"}
UNSAFE = "redirect_uris must be https, on this machine, or an application's own scheme"


class UnknownProgram(Invalid):
    """Nobody has registered under that id, or long ago."""

    why = Failed.UNKNOWN

    def __init__(self) -> None:
        super().__init__("This server doesn't know this program. Connect again from the program.")


class Program(OAuthClientInformationFull):
    """A program that people may connect. All are public clients: PKCE, not a secret, says whose a code is."""

    def validate_redirect_uri(self, redirect_uri: AnyUrl | None) -> AnyUrl:
        """One of its own addresses; on this machine with any port (RFC 8252, section 7.3)."""
        try:
            return super().validate_redirect_uri(redirect_uri)
        except InvalidRedirectUriError:
            if redirect_uri is not None and any(_same_but_port(redirect_uri, own) for own in self.redirect_uris or ()):
                return redirect_uri
            raise

    def validate_scope(self, requested_scope: str | None) -> list[str] | None:
        """Those of ours; None where none is named. What else clients ask for is left out, as with registration."""
        asked = {scope for scope in (requested_scope or "").split() if scope not in OF_SIGN_IN}
        known = [str(scope) for scope in OFFERED if scope in asked]
        if asked and not known:
            raise InvalidScopeError(f"Ask for {ALL_SCOPES}.")
        return known or None


class Authenticator(ClientAuthenticator):
    """Who asks for tokens.

    A program with a document was judged by it when a person consented; the code or refresh token is for its id alone,
    so that the document isn't needed again, nor its server.
    """

    async def authenticate_request(self, request: Request) -> OAuthClientInformationFull:
        client = str((await request.form()).get("client_id") or "")
        if is_document_id(client):
            return Program(client_id=client, redirect_uris=None, **PUBLIC)
        return await super().authenticate_request(request)


class Provider(OAuthAuthorizationServerProvider[AuthorizationCode, RefreshToken, AccessToken]):
    """Registration, consent and tokens. `origin` is where people reach this server."""

    def __init__(self, shared: Shared, documents: Documents, origin: str) -> None:
        self._shared = shared
        self._documents = documents
        self._origin = origin

    async def get_client(self, client_id: str) -> Program | None:
        try:
            return await self.find_program(client_id)
        except Failure:
            return None

    async def find_program(self, client_id: str) -> Program:
        """The program with that id. Raises UnknownProgram, DocumentFailed."""
        if is_document_id(client_id):
            return await self._from_document(client_id)
        kept = await self._shared.db.read(oauth.find_client, client_id)
        if kept is None:
            raise UnknownProgram
        return Program.model_validate_json(kept)

    async def register_client(self, client_info: OAuthClientInformationFull) -> None:
        redirects = client_info.redirect_uris or []
        if not 1 <= len(redirects) <= MOST_REDIRECTS or not all(map(_is_safe, redirects)):
            raise RegistrationError("invalid_redirect_uri", f"{UNSAFE}.")
        metadata = client_info.model_dump_json(exclude_none=True).encode()
        if len(metadata) > METADATA_BYTES:
            raise RegistrationError("invalid_client_metadata", f"The metadata may have {METADATA_BYTES:,} bytes.")
        try:
            await self._shared.db.write(oauth.register_client, client_info.client_id, metadata, now_ms())
        except Failure as error:
            raise RegistrationError("invalid_client_metadata", error.message) from error

    async def authorize(self, client: OAuthClientInformationFull, params: AuthorizationParams) -> str:
        """Keeps what is asked for; the way to the page where a person answers."""
        if params.resource is not None and not is_ours(params.resource, self._origin):
            raise AuthorizeError("invalid_target", f"The resource of this server is {self._origin}/mcp.")
        named = tuple(scope for scope in OFFERED if scope in (params.scopes or ()))
        asked = Asked(
            client.client_id,
            _name_of(client),
            str(params.redirect_uri),
            params.redirect_uri_provided_explicitly,
            params.code_challenge,
            params.state,
            named or OFFERED,
            params.resource,
            named,
        )
        token = await self._shared.db.write(oauth.ask, asked, now_ms())
        return f"{self._origin}/connections/new?request={token}"

    async def load_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: str
    ) -> AuthorizationCode | None:
        wanted = (Kind.CODE, client.client_id, authorization_code, now_ms())
        found = await self._shared.db.write(oauth_tokens.find_secret, *wanted)
        if found is None or found.asked is None:
            return None
        return AuthorizationCode(
            code=authorization_code,
            scopes=list(found.scopes),
            expires_at=found.expires_at / 1000,
            client_id=found.client,
            code_challenge=found.asked.challenge,
            redirect_uri=AnyUrl(found.asked.redirect_uri),
            redirect_uri_provided_explicitly=found.asked.redirect_given,
            resource=found.asked.resource,
        )

    async def exchange_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: AuthorizationCode
    ) -> OAuthToken:
        return await self._exchange(Kind.CODE, client, authorization_code.code)

    async def load_refresh_token(self, client: OAuthClientInformationFull, refresh_token: str) -> RefreshToken | None:
        wanted = (Kind.REFRESH, client.client_id, refresh_token, now_ms())
        found = await self._shared.db.write(oauth_tokens.find_secret, *wanted)
        if found is None:
            return None
        return RefreshToken(
            token=refresh_token,
            client_id=found.client,
            scopes=list(found.scopes),
            expires_at=found.expires_at // 1000,
        )

    async def exchange_refresh_token(
        self,
        client: OAuthClientInformationFull,
        refresh_token: RefreshToken,
        scopes: list[str],
    ) -> OAuthToken:
        """New tokens, with those scopes of the grant that are asked for; the next refresh has them all again."""
        wanted = tuple(scope for scope in OFFERED if scope in scopes)
        return await self._exchange(Kind.REFRESH, client, refresh_token.token, wanted)

    async def load_access_token(self, token: str) -> AccessToken | None:  # noqa: ARG002 -- the protocol names it
        """Nobody asks: `/mcp` looks its tokens up itself."""
        return None

    async def revoke_token(self, token: AccessToken | RefreshToken) -> None:
        """Nobody asks this either: the endpoint gives tokens back itself."""
        await self._shared.db.write(oauth_tokens.give_back, token.client_id, token.token, now_ms())

    async def _exchange(
        self, kind: Kind, client: OAuthClientInformationFull, secret: str, scopes: tuple[KeyScope, ...] = OFFERED
    ) -> OAuthToken:
        tokens = await self._shared.db.write(oauth_tokens.exchange, kind, client.client_id, secret, now_ms(), scopes)
        if tokens is None:
            raise TokenError("invalid_grant", "This was used before, or has ended. Connect again.")
        return _token(tokens)

    async def _from_document(self, client_id: str) -> Program:
        """What a program's own document says. Raises DocumentFailed where it can't be had or wouldn't do."""
        found: dict[str, Any] = await self._documents.get(client_id)
        try:
            program = Program.model_validate({**found, "scope": ALL_SCOPES, "client_secret": None})
        except ValidationError as error:
            raise DocumentFailed(client_id, Why.CONTENT, "it isn't client metadata (RFC 7591)") from error
        if program.token_endpoint_auth_method not in (None, "none"):
            raise DocumentFailed(
                client_id, Why.CONTENT, "only public clients (token_endpoint_auth_method none) will do"
            )
        if not program.redirect_uris or not all(map(_is_safe, program.redirect_uris)):
            raise DocumentFailed(client_id, Why.CONTENT, f"its {UNSAFE}")
        return program.model_copy(update=PUBLIC)


def _token(tokens: Tokens) -> OAuthToken:
    return OAuthToken(
        access_token=tokens.access,
        expires_in=tokens.seconds,
        refresh_token=tokens.refresh,
        scope=" ".join(tokens.scopes),
    )


def _name_of(client: OAuthClientInformationFull) -> str:
    """What the program calls itself, in one line of printable characters."""
    name = "".join(char for char in client.client_name or "" if char.isprintable()).strip()
    first = next((urlsplit(str(uri)).netloc for uri in client.redirect_uris or ()), "")
    return name[:NAME_LENGTH] or first or "A program"


def _is_safe(uri: AnyUrl) -> bool:
    """Whether a browser may be sent there with a code: over TLS, to this machine, or to an application's own scheme."""
    parts = urlsplit(str(uri))
    if parts.fragment or parts.username is not None:
        return False
    if parts.scheme == "http":
        return _is_loopback(parts.hostname or "")
    return parts.scheme not in DANGEROUS


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _same_but_port(given: AnyUrl, own: AnyUrl) -> bool:
    one, other = urlsplit(str(given)), urlsplit(str(own))
    same = (one.scheme, one.hostname, one.path or "/", one.query) == (
        other.scheme,
        other.hostname,
        other.path or "/",
        other.query,
    )
    return same and one.scheme == "http" and _is_loopback(one.hostname or "") and not one.fragment
