"""OAuth as the SDK's handlers want it, on our accounts. Imported with the SDK alone."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

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
from mcp.shared.auth import InvalidRedirectUriError, OAuthClientInformationFull, OAuthToken
from pydantic import AnyUrl, ValidationError

from backroom.accounts import oauth, oauth_tokens
from backroom.accounts.oauth import NAME_LENGTH, OFFERED, Asked, Kind
from backroom.accounts.oauth_tokens import Tokens
from backroom.clock import now_ms
from backroom.errors import Failure
from backroom.web.mcp.documents import Documents, is_document_id

if TYPE_CHECKING:
    from backroom.web.mcp.door import McpDoor

MOST_REDIRECTS = 20
METADATA_BYTES = 8 * 1024
DANGEROUS = frozenset({"javascript", "data", "vbscript", "file", "blob", "about", "ftp", "ws", "wss"})
ALL_SCOPES = " ".join(OFFERED)


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


class Provider(OAuthAuthorizationServerProvider[AuthorizationCode, RefreshToken, AccessToken]):
    """Registration, consent and tokens. `origin` is where people reach this server."""

    def __init__(self, door: McpDoor, documents: Documents, origin: str) -> None:
        self._door = door
        self._documents = documents
        self._origin = origin

    async def get_client(self, client_id: str) -> Program | None:
        if is_document_id(client_id):
            return await self._from_document(client_id)
        kept = await self._door.db.read(oauth.find_client, client_id)
        return None if kept is None else Program.model_validate_json(kept)

    async def register_client(self, client_info: OAuthClientInformationFull) -> None:
        redirects = client_info.redirect_uris or []
        if not 1 <= len(redirects) <= MOST_REDIRECTS or not all(map(_is_safe, redirects)):
            raise RegistrationError(
                "invalid_redirect_uri", "redirect_uris must be https, on this machine, or an application's own scheme."
            )
        metadata = client_info.model_dump_json(exclude_none=True).encode()
        if len(metadata) > METADATA_BYTES:
            raise RegistrationError("invalid_client_metadata", f"The metadata may have {METADATA_BYTES:,} bytes.")
        try:
            await self._door.db.write(oauth.register_client, client_info.client_id, metadata, now_ms())
        except Failure as error:
            raise RegistrationError("invalid_client_metadata", error.message) from error

    async def authorize(self, client: OAuthClientInformationFull, params: AuthorizationParams) -> str:
        """Keeps what is asked for; the way to the page where a person answers."""
        if params.resource is not None and params.resource.rstrip("/") not in (self._origin, f"{self._origin}/mcp"):
            raise AuthorizeError("invalid_target", f"The resource of this server is {self._origin}/mcp.")
        known = [scope for scope in OFFERED if params.scopes is None or scope in params.scopes]
        if not known:
            raise AuthorizeError("invalid_scope", f"Ask for {ALL_SCOPES}.")
        asked = Asked(
            client.client_id,
            _name_of(client),
            str(params.redirect_uri),
            params.redirect_uri_provided_explicitly,
            params.code_challenge,
            params.state,
            tuple(known),
            params.resource,
        )
        token = await self._door.db.write(oauth.ask, asked, now_ms())
        return f"{self._origin}/connections/new?request={token}"

    async def load_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: str
    ) -> AuthorizationCode | None:
        wanted = (Kind.CODE, client.client_id, authorization_code, now_ms())
        found = await self._door.db.write(oauth_tokens.find_secret, *wanted)
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
        found = await self._door.db.write(oauth_tokens.find_secret, *wanted)
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
        scopes: list[str],  # noqa: ARG002 -- the handler names it
    ) -> OAuthToken:
        """New tokens; always with all scopes of the grant, which a person chose."""
        return await self._exchange(Kind.REFRESH, client, refresh_token.token)

    async def load_access_token(self, token: str) -> AccessToken | None:  # noqa: ARG002 -- the protocol names it
        """Nobody asks: `/mcp` looks its tokens up itself."""
        return None

    async def revoke_token(self, token: AccessToken | RefreshToken) -> None:
        """Nobody asks this either: the endpoint gives tokens back itself."""
        await self._door.db.write(oauth_tokens.give_back, token.client_id, token.token, now_ms())

    async def _exchange(self, kind: Kind, client: OAuthClientInformationFull, secret: str) -> OAuthToken:
        tokens = await self._door.db.write(oauth_tokens.exchange, kind, client.client_id, secret, now_ms())
        if tokens is None:
            raise TokenError("invalid_grant", "This was used before, or has ended. Connect again.")
        return _token(tokens)

    async def _from_document(self, client_id: str) -> Program | None:
        """What a program's own document says; None where it can't be had or wouldn't do."""
        try:
            found: dict[str, Any] = await self._documents.get(client_id)
            program = Program.model_validate({**found, "scope": ALL_SCOPES, "client_secret": None})
        except (Failure, ValidationError):
            return None
        public = program.token_endpoint_auth_method in (None, "none")
        if not public or not program.redirect_uris or not all(map(_is_safe, program.redirect_uris)):
            return None
        return program.model_copy(update={"token_endpoint_auth_method": "none"})


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
