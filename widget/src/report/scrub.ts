/** Takes secrets and mail addresses out of what goes along with a report. Cuts too much rather than too little. */

/** Wherever they stand in a name. */
const TELLING =
  "token|secret|pass(?:w|c|phr)|pwd|csrf|xsrf|jwt|credential|authorization|api[-_]?key|sess(?:ion)?[-_]?id";
/** Only as words of their own, for `monkey` is no key and `spin` no pin. */
const WORDS = "auth|sid|otp|pin";
const SECRET_NAME = new RegExp(
  `${TELLING}|(?:^|[^a-z])(?:access|auth|client)?[-_]?(?:${WORDS}|key|pass|session|sig|signature|code|state|nonce|e?mail|ticket|invite|reset)(?:$|[^a-z])`,
  "i",
);
const MAIL = /[\p{L}\p{N}._%+-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,8}/gu;
const JWT = /\beyJ[\w-]{6,}\.[\w-]{4,}(?:\.[\w-]*)?/g;
// A parser's "Unexpected token function" is no secret: after the other two, a word of letters alone stays.
const BEARER = /\b([Bb]earer|(?:[Bb]asic|[Tt]oken)(?!\s+[A-Z]?[a-z]+(?![\w.~+/=-])))\s+[\w.~+/=-]{6,}/g;
const KNOWN = /\b(?:pr_sk_|mbk_|sk_|pk_|rk_|gh[oprsu]_|github_pat_|glpat-|xox[abprs]-|AKIA|AIza|whsec_)[\w-]{8,}/g;
const NAMED = new RegExp(
  `((?<![\\w-])(?:[\\w-]*(?:${TELLING})[\\w-]*|${WORDS})["']?\\s*[:=]\\s*)(?:"[^"]*"|'[^']*'|[^\\s,;&"'}]+)`,
  "gi",
);
// One cookie follows the other.
const COOKIES = /(cookie["']?\s*[:=]\s*).+/gi;
const LONG = /[\w+/-]{32,}={0,2}/g;
const CARD = /\b\d(?:[ -]?\d){12,18}\b/g;
const ADDRESS = /\bhttps?:\/\/[^\s"'<>)]+/g;

export const CUT = "[cut]";

/** Console messages and other free text. */
export function scrubText(text: string): string {
  return text
    .replace(ADDRESS, (address) => scrubUrl(address))
    .replace(MAIL, "[mail]")
    .replace(JWT, CUT)
    .replace(BEARER, `$1 ${CUT}`)
    .replace(KNOWN, CUT)
    .replace(COOKIES, `$1${CUT}`)
    .replace(NAMED, `$1${CUT}`)
    .replace(LONG, (word) => (looksRandom(word) ? CUT : word))
    .replace(CARD, (digits) => (luhn(digits) ? CUT : digits));
}

/** An address without user names, and without parameters, parts of the path or of the fragment that look like secrets. */
export function scrubUrl(address: string): string {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return address.replace(MAIL, "[mail]").replace(JWT, CUT);
  }
  // Built from its parts, not through URLSearchParams: what isn't cut stays as the page wrote it.
  const origin = /^[\w+-]+:\/\//.test(address) ? `${url.protocol}//${url.host}` : url.protocol;
  return `${origin}${scrubPath(url.pathname)}${pairs(url.search)}${fragment(url.hash)}`;
}

export function scrubPath(path: string): string {
  return path
    .split("/")
    .map((part) => (isSecret(decoded(part)) ? CUT : part))
    .join("/");
}

function fragment(hash: string): string {
  if (/^#[/!]/.test(hash)) {
    const at = hash.indexOf("?");
    return at < 0 ? scrubPath(hash) : scrubPath(hash.slice(0, at)) + pairs(hash.slice(at));
  }
  if (hash.includes("=")) return pairs(hash);
  return isSecret(decoded(hash.slice(1))) ? `#${CUT}` : hash;
}

/** `?a=b&c=d`, or the same after a `#`. */
function pairs(query: string): string {
  if (query.length < 2) return query;
  const cut = query
    .slice(1)
    .split("&")
    .map((pair) => {
      const at = pair.indexOf("=");
      if (at < 0) return isSecret(decoded(pair)) ? CUT : pair;
      const name = decoded(pair.slice(0, at));
      const value = decoded(pair.slice(at + 1));
      return SECRET_NAME.test(humps(name)) || isSecret(value) ? `${pair.slice(0, at)}=${CUT}` : pair;
    });
  return query.charAt(0) + cut.join("&");
}

function isSecret(value: string): boolean {
  return (
    [MAIL, JWT, KNOWN, BEARER].some((kind) => value.search(kind) >= 0) || (value.length >= 24 && looksRandom(value))
  );
}

/** accessToken → access_Token, so that names are cut however they are written. */
const humps = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, "$1_$2");

/** Long, and of mixed kinds, without the words a human would have put there. */
export function looksRandom(word: string): boolean {
  const longest = Math.max(...word.split(/[-_/.]/).map((part) => part.length));
  if (longest < 20)
    return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(word) ? false : digits(word) > 8 && longest >= 16;
  return /^[0-9a-f]+$/i.test(word) || (digits(word) >= 2 && /[a-z]/i.test(word));
}

const digits = (word: string): number => word.replace(/\D/g, "").length;

function luhn(card: string): boolean {
  const numbers = [...card.replace(/\D/g, "")].map(Number).reverse();
  const sum = numbers.reduce((total, n, at) => total + (at % 2 === 0 ? n : n * 2 > 9 ? n * 2 - 9 : n * 2), 0);
  return sum % 10 === 0;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part.replaceAll("+", " "));
  } catch {
    return part;
  }
}
