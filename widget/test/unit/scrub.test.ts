import assert from "node:assert/strict";
import { test } from "node:test";
import { looksRandom, scrubText, scrubUrl } from "../../src/report/scrub";

test("parameters that look like secrets are cut, others stay as they were written", () => {
  const cases: Array<[string, string]> = [
    ["https://a.test/p?page=2&q=hello%20world#top", "https://a.test/p?page=2&q=hello%20world#top"],
    ["https://a.test/?token=abc", "https://a.test/?token=[cut]"],
    ["https://a.test/?accessToken=abc&x=1", "https://a.test/?accessToken=[cut]&x=1"],
    ["https://a.test/?reset_key=1", "https://a.test/?reset_key=[cut]"],
    ["https://a.test/?keyword=shoes&monkey=2", "https://a.test/?keyword=shoes&monkey=2"],
    ["https://a.test/?u=ann%40example.org", "https://a.test/?u=[cut]"],
    ["https://a.test/?v=8f14e45fceea167a5a36dedd4bea2543", "https://a.test/?v=[cut]"],
    ["https://ann:pw@a.test/x", "https://a.test/x"],
    ["https://a.test/reset/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "https://a.test/reset/[cut]"],
    ["https://a.test/#access_token=abc&state=x", "https://a.test/#access_token=[cut]&state=[cut]"],
    ["https://a.test/#/orders/7?token=x", "https://a.test/#/orders/7?token=[cut]"],
    [
      "https://a.test/?csrftoken=a&logintoken=b&secretkey=c",
      "https://a.test/?csrftoken=[cut]&logintoken=[cut]&secretkey=[cut]",
    ],
    [
      "https://a.test/?passcode=1&idtoken=b&PHPSESSID=c&pin=2",
      "https://a.test/?passcode=[cut]&idtoken=[cut]&PHPSESSID=[cut]&pin=[cut]",
    ],
    ["https://a.test/?spin=1&compass=n&author=x", "https://a.test/?spin=1&compass=n&author=x"],
    ["file:///home/me/page.html", "file:///home/me/page.html"],
    ["about:blank", "about:blank"],
  ];
  for (const [given, wanted] of cases) assert.equal(scrubUrl(given), wanted);
});

test("console messages lose tokens, mail addresses and card numbers", () => {
  const cases: Array<[string, string]> = [
    ["TypeError: x is undefined at app.js:10:5", "TypeError: x is undefined at app.js:10:5"],
    ["mail to ann.lee+x@example.co.uk failed", "mail to [mail] failed"],
    ["Authorization: Bearer abcdef123456", "Authorization: [cut] [cut]"],
    ['{"password":"hunter2","n":1}', '{"password":[cut],"n":1}'],
    ["key pr_sk_abcdefghij0123456789", "key [cut]"],
    ["GET https://a.test/x?api_key=123 401", "GET https://a.test/x?api_key=[cut] 401"],
    ["card 4242 4242 4242 4242 declined", "card [cut] declined"],
    [
      '{"passwordConfirm":"hunter2","passwordHash":"a b","n":1}',
      '{"passwordConfirm":[cut],"passwordHash":[cut],"n":1}',
    ],
    ['{"accessTokenValue":"tok12345","pin":"1234"}', '{"accessTokenValue":[cut],"pin":[cut]}'],
    ["Cookie: theme=dark; auth=very; sid=abc\nnext line", "Cookie: [cut]\nnext line"],
    ["sent auth=very to it", "sent auth=[cut] to it"],
    ["Unexpected token function in JSON", "Unexpected token function in JSON"],
    ["basic authentication failed", "basic authentication failed"],
    ["with Basic dXNlcjpwYXNz", "with Basic [cut]"],
    ["spinning: 7", "spinning: 7"],
    ["order 1234567890123 missing", "order 1234567890123 missing"],
    ["at handleSubmitOfTheCheckoutFormComponent (x)", "at handleSubmitOfTheCheckoutFormComponent (x)"],
  ];
  for (const [given, wanted] of cases) assert.equal(scrubText(given), wanted);
});

test("random words are told from written ones", () => {
  assert.equal(looksRandom("d41d8cd98f00b204e9800998ecf8427e"), true);
  assert.equal(looksRandom("getUserSubscriptionPreferencesFromCache"), false);
  assert.equal(looksRandom("a-rather-long-slug-with-many-words-in-2026"), false);
});
