/**
 * One message, or the beginning of a connection, and what the rules of `http-rules.md` make of it.
 *
 * `bytes` is Latin-1. `verdict` lists a server's answers in order: `'GET /path'` for a request that reaches the
 * handler (with its body in brackets where it has one), or the status of a refusal, which is the last.
 */
export interface RuleCase {
  readonly rule: number;
  readonly title: string;
  readonly bytes: string;
  readonly verdict: readonly (string | number)[];
}

/** The limits that the cases count on. */
export const ruleLimits = { headerBytes: 1024, headerCount: 20, bodyBytes: 2048 };

const get = (fields: string, line = 'GET /a HTTP/1.1') => `${line}\r\nHost: h\r\n${fields}\r\n`;
const post = (fields: string, body: string) => `POST /a HTTP/1.1\r\nHost: h\r\n${fields}\r\n${body}`;
const chunked = (body: string) => post('Transfer-Encoding: chunked\r\n', body);
const next = 'GET /next HTTP/1.1\r\nHost: h\r\n\r\n';

const ok = (rule: number, title: string, bytes: string, ...verdict: string[]): RuleCase => ({
  rule,
  title,
  bytes: bytes + next,
  verdict: [...(verdict.length > 0 ? verdict : ['GET /a']), 'GET /next'],
});
// What follows a refused message must never be looked at.
const no = (rule: number, status: number, title: string, bytes: string): RuleCase => ({
  rule,
  title,
  bytes: bytes + next,
  verdict: [status],
});

/** Each rule both ways. */
export const ruleCases: readonly RuleCase[] = [
  ok(1, 'takes lines that end in CR LF', get('')),
  no(1, 400, 'refuses a bare LF behind the request line', 'GET /a HTTP/1.1\nHost: h\r\n\r\n'),
  no(1, 400, 'refuses a bare LF behind a field', 'GET /a HTTP/1.1\r\nHost: h\n\r\n'),
  no(1, 400, 'refuses a bare LF in the empty line', 'GET /a HTTP/1.1\r\nHost: h\r\n\n'),
  no(1, 400, 'refuses a bare CR in a field', get('X: a\rb\r\n')),
  no(1, 400, 'refuses a bare CR in a name', get('X\r: a\r\n')),
  no(1, 400, 'refuses two CRs before LF', get('X: a\r\r\n')),
  no(1, 400, 'refuses a bare CR behind the version', 'GET /a HTTP/1.1\r Host: h\r\n\r\n'),
  no(1, 400, 'refuses CR CR LF as the empty line', 'GET /a HTTP/1.1\r\nHost: h\r\n\r\r\n'),

  ok(2, 'skips one empty line before a request', `\r\n${get('')}`),
  no(2, 400, 'refuses a second empty line', `\r\n\r\n${get('')}`),
  no(2, 400, 'refuses a bare LF before a request', `\n${get('')}`),
  no(2, 400, 'refuses a bare CR before a request', `\r${get('')}`),
  no(2, 400, 'refuses space before a request', ` ${get('')}`),
  ok(2, 'skips one empty line between requests', `${get('')}\r\n`),

  no(3, 400, 'refuses NUL in a value', get('X: a\0b\r\n')),
  no(3, 400, 'refuses DEL in a value', get('X: a\x7fb\r\n')),
  no(3, 400, 'refuses a control character in a value', get('X: a\x01b\r\n')),
  no(3, 400, 'refuses a vertical tab in a value', get('X: \x0bchunked\r\n')),
  ok(3, 'takes a tab in a value', get('X: a\tb\r\n')),
  ok(3, 'takes bytes above 0x7F in a value', get('X: caf\xe9\r\n')),
  no(3, 400, 'refuses a byte above 0x7F in a name', get('X\xe9: a\r\n')),
  no(3, 400, 'refuses NUL in a name', get('X\0: a\r\n')),
  no(3, 400, 'refuses NUL in a target', get('', 'GET /a\0 HTTP/1.1')),
  no(3, 400, 'refuses a byte above 0x7F in a target', get('', 'GET /\xe9 HTTP/1.1')),
  no(3, 400, 'refuses a tab in a target', get('', 'GET /a\tb HTTP/1.1')),
  no(3, 400, 'refuses a control character in a method', get('', 'G\x01T /a HTTP/1.1')),

  no(4, 400, 'refuses two spaces before the target', get('', 'GET  /a HTTP/1.1')),
  no(4, 400, 'refuses two spaces behind the target', get('', 'GET /a  HTTP/1.1')),
  no(4, 400, 'refuses a tab between the parts', get('', 'GET\t/a HTTP/1.1')),
  no(4, 400, 'refuses space behind the version', get('', 'GET /a HTTP/1.1 ')),
  no(4, 400, 'refuses a fourth part', get('', 'GET /a HTTP/1.1 x')),
  no(4, 400, 'refuses a line without a version', get('', 'GET /a')),
  no(4, 400, 'refuses a line without a target', get('', 'GET HTTP/1.1')),

  ...['GET', 'HEAD', 'DELETE', 'OPTIONS', 'POST', 'PUT', 'PATCH'].map((method) =>
    ok(5, `takes ${method}`, get('', `${method} /a HTTP/1.1`), `${method} /a`),
  ),
  ...['get', 'CONNECT', 'TRACE', 'FOO', 'GETX', 'G', 'PRI', 'PROPFIND'].map((method) =>
    no(5, 501, `does not serve ${method}`, get('', `${method} /a HTTP/1.1`)),
  ),
  no(5, 400, 'refuses a method that is no token', get('', 'G{T /a HTTP/1.1')),
  no(5, 400, 'refuses a colon in the method', get('', 'GET: /a HTTP/1.1')),
  no(5, 400, 'refuses what begins a connection of TLS', '\x16\x03\x01\x02\0'),

  ok(6, 'takes a query', get('', 'GET /a?b=c&d=%20 HTTP/1.1'), 'GET /a?b=c&d=%20'),
  ok(6, 'takes what browsers send unescaped', get('', 'GET /a?b={c}|"d"^`\\ HTTP/1.1'), 'GET /a?b={c}|"d"^`\\'),
  ok(6, 'takes two slashes', get('', 'GET //a HTTP/1.1'), 'GET //a'),
  ok(6, 'takes an absolute form', get('', 'GET http://other:8080/a?b HTTP/1.1'), 'GET /a?b'),
  ok(6, 'takes an absolute form without a path', get('', 'GET http://other HTTP/1.1'), 'GET /'),
  ok(6, 'takes https in an absolute form', get('', 'GET HTTPS://other/a HTTP/1.1')),
  no(6, 400, 'refuses another scheme', get('', 'GET ftp://other/a HTTP/1.1')),
  no(6, 400, 'refuses a password in an absolute form', get('', 'GET http://me:secret@other/a HTTP/1.1')),
  no(6, 400, 'refuses an absolute form without a host', get('', 'GET http:///a HTTP/1.1')),
  no(6, 400, 'refuses a query without a path in an absolute form', get('', 'GET http://other?a HTTP/1.1')),
  no(6, 400, 'refuses a wrong host in an absolute form', get('', 'GET http://a,b/a HTTP/1.1')),
  no(6, 400, 'refuses a wrong Host beside an absolute form', 'GET http://other/a HTTP/1.1\r\nHost: a,b\r\n\r\n'),
  no(6, 400, 'refuses no Host beside an absolute form', 'GET http://other/a HTTP/1.1\r\n\r\n'),
  no(6, 400, 'refuses a fragment', get('', 'GET /a#b HTTP/1.1')),
  no(6, 400, 'refuses a backslash in the path', get('', 'GET /a\\..\\b HTTP/1.1')),
  no(6, 400, 'refuses a path that does not begin with a slash', get('', 'GET a HTTP/1.1')),
  no(6, 400, 'refuses an authority alone', get('', 'GET h:80 HTTP/1.1')),
  ok(6, 'takes * with OPTIONS', get('', 'OPTIONS * HTTP/1.1'), 'OPTIONS *'),
  no(6, 400, 'refuses * with GET', get('', 'GET * HTTP/1.1')),
  no(6, 400, 'refuses *a with OPTIONS', get('', 'OPTIONS *a HTTP/1.1')),

  no(7, 505, 'does not serve HTTP/2.0', get('', 'GET /a HTTP/2.0')),
  no(7, 505, 'does not serve HTTP/1.2', get('', 'GET /a HTTP/1.2')),
  no(7, 505, 'does not serve HTTP/0.9', get('', 'GET /a HTTP/0.9')),
  no(7, 400, 'refuses HTTP/1', get('', 'GET /a HTTP/1')),
  no(7, 400, 'refuses HTTP/1.10', get('', 'GET /a HTTP/1.10')),
  no(7, 400, 'refuses http/1.1', get('', 'GET /a http/1.1')),
  no(7, 400, 'refuses HTTP/+1.1', get('', 'GET /a HTTP/+1.1')),
  no(7, 400, 'refuses another protocol', get('', 'GET /a ICE/1.1')),

  ok(8, 'takes a head of exactly the limit', get(`X: ${'a'.repeat(1024 - get('X: \r\n').length)}\r\n`)),
  no(8, 431, 'refuses a head of a byte more', get(`X: ${'a'.repeat(1025 - get('X: \r\n').length)}\r\n`)),
  no(8, 414, 'refuses a request line that is too long', get('', `GET /${'a'.repeat(1100)} HTTP/1.1`)),
  no(8, 414, 'refuses a method that is too long', get('', `${'A'.repeat(1100)} /a HTTP/1.1`)),
  ok(8, 'takes as many fields as the limit', get('A: b\r\n'.repeat(19))),
  no(8, 431, 'refuses one field more', get('A: b\r\n'.repeat(20))),
  no(8, 431, 'refuses a name that is too long', get(`${'a'.repeat(1100)}: b\r\n`)),

  no(9, 400, 'refuses space before the colon', get('X : a\r\n')),
  no(9, 400, 'refuses a tab before the colon', get('X\t: a\r\n')),
  no(9, 400, 'refuses an empty name', get(': a\r\n')),
  no(9, 400, 'refuses a line without a colon', get('X\r\n')),
  no(9, 400, 'refuses a folded line', get('X: a\r\n b\r\n')),
  no(9, 400, 'refuses a line folded by a tab', get('X: a\r\n\tb\r\n')),
  no(9, 400, 'refuses space before the first field', 'GET /a HTTP/1.1\r\n Host: h\r\n\r\n'),
  no(9, 400, 'refuses a name in quotes', get('"X": a\r\n')),
  no(9, 400, 'refuses space before the colon of Content-Length', post('Content-Length : 5\r\n', 'hello')),
  ok(9, 'takes every character of a token in a name', get("!#$%&'*+-.^_`|~09azAZ: a\r\n")),

  ok(10, 'cuts space around a value', post('Content-Length: \t 5 \t\r\n', 'hello'), 'POST /a [hello]'),
  ok(10, 'needs no space before a value', post('Content-Length:5\r\n', 'hello'), 'POST /a [hello]'),
  ok(10, 'takes an empty value', get('X:\r\nY: \r\n')),

  no(11, 400, 'refuses a request without Host', 'GET /a HTTP/1.1\r\nX: y\r\n\r\n'),
  no(11, 400, 'refuses a request without fields', 'GET /a HTTP/1.1\r\n\r\n'),
  no(11, 400, 'refuses Host twice', get('Host: h\r\n')),
  no(11, 400, 'refuses Host twice in another case', get('hOST: other\r\n')),
  ...['', 'a,b', 'a, b', 'a b', 'a/b', 'me@a', 'a:b', 'a:', 'a:65536', 'a:80:80', '[::1', '::1', '[::1]x', '[gg::]', 'a?b', 'a#b', 'a\\b', 'a%41', '"a"', 'http://a', '999.999.999.999', 'a\tb']
    .filter((host) => host !== 'a:')
    .map((host) =>
      no(11, 400, `refuses the Host '${host}'`, `GET /a HTTP/1.1\r\nHost: ${host}\r\n\r\n`),
    ),
  ...['h', 'H.example', 'a_b', '127.0.0.1:80', '[::1]', '[2001:db8::1]:8080', 'xn--bcher-kva.example', 'h:65535'].map((host) =>
    ok(11, `takes the Host '${host}'`, `GET /a HTTP/1.1\r\nHost: ${host}\r\n\r\n`),
  ),
  { rule: 11, title: 'takes HTTP/1.0 without Host', bytes: 'GET /a HTTP/1.0\r\n\r\n', verdict: ['GET /a'] },
  no(11, 400, 'refuses Host twice with HTTP/1.0', 'GET /a HTTP/1.0\r\nHost: h\r\nHost: h\r\n\r\n'),

  ok(12, 'reads as many bytes as Content-Length says', post('Content-Length: 5\r\n', 'hello'), 'POST /a [hello]'),
  ok(12, 'takes leading zeros', post('Content-Length: 0005\r\n', 'hello'), 'POST /a [hello]'),
  ok(12, 'takes a length of 0', post('Content-Length: 0\r\n', ''), 'POST /a'),
  ok(12, 'takes a length with GET', 'GET /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc', 'GET /a [abc]'),
  ...['', '+5', '-5', '5,5', '5, 5', '0x5', '5 5', '5.0', 'five', '1e1', "5'", '5;', '0000000000000005', '99999999999999999999', '\xb2'].map(
    (length) => no(12, 400, `refuses the length '${length}'`, post(`Content-Length: ${length}\r\n`, 'hello')),
  ),
  no(12, 400, 'refuses two lengths', post('Content-Length: 5\r\nContent-Length: 6\r\n', 'hello')),
  no(12, 400, 'refuses two equal lengths', post('Content-Length: 5\r\ncontent-length: 5\r\n', 'hello')),

  ok(13, 'reads chunks', chunked('5\r\nhello\r\n0\r\n\r\n'), 'POST /a [hello]'),
  ok(13, 'takes Chunked in any case', post('Transfer-Encoding: CHUNKED\r\n', '0\r\n\r\n'), 'POST /a []'),
  ...['gzip', 'gzip, chunked', 'chunked, gzip', 'chunked, chunked', 'identity', 'xchunked', 'chunkedx', '"chunked"', 'chunked;q=1', ',chunked', 'chunked,'].map(
    (coding) => no(13, 501, `does not serve the coding '${coding}'`, post(`Transfer-Encoding: ${coding}\r\n`, '0\r\n\r\n')),
  ),
  no(13, 400, 'refuses a control character before the coding', post('Transfer-Encoding: \x0bchunked\r\n', '0\r\n\r\n')),
  no(13, 400, 'refuses an empty coding', post('Transfer-Encoding:\r\n', '0\r\n\r\n')),
  no(13, 400, 'refuses two codings', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n')),
  no(13, 400, 'refuses a coding with HTTP/1.0', 'POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
  no(13, 400, 'refuses a folded coding', post('Transfer-Encoding:\r\n chunked\r\n', '0\r\n\r\n')),
  no(14, 400, 'refuses a length before a coding', post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n')),
  no(14, 400, 'refuses a length behind a coding', post('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', '0\r\n\r\n')),
  ok(15, 'takes a POST without a body', post('', ''), 'POST /a'),
  ok(16, 'takes a body of exactly the limit', post('Content-Length: 2048\r\n', 'a'.repeat(2048)), `POST /a [${'a'.repeat(2048)}]`),
  no(16, 413, 'refuses a body of a byte more', post('Content-Length: 2049\r\n', 'a'.repeat(2049))),

  ok(17, 'takes a size in either case', chunked('A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n'), 'POST /a [01234567890123456789]'),
  ok(17, 'takes leading zeros in a size', chunked('0005\r\nhello\r\n000\r\n\r\n'), 'POST /a [hello]'),
  ok(17, 'drops an extension', chunked('5;a=b;c="d e"\r\nhello\r\n0;x\r\n\r\n'), 'POST /a [hello]'),
  ...['', ' 5', '5 ', '5\t', '+5', '-5', '0x5', '5g', 'g', '000000005', '5 ;a'].map((size) =>
    no(17, 400, `refuses the size '${size}'`, chunked(`${size}\r\nhello\r\n0\r\n\r\n`)),
  ),
  no(17, 400, 'refuses a bare LF behind a size', chunked('5\nhello\r\n0\r\n\r\n')),
  no(17, 400, 'refuses a bare CR behind a size', chunked('5\rhello\r\n0\r\n\r\n')),
  no(17, 400, 'refuses a bare LF in an extension', chunked('5;a\nhello\r\n0\r\n\r\n')),
  no(17, 400, 'refuses a control character in an extension', chunked('5;\0\r\nhello\r\n0\r\n\r\n')),
  no(17, 400, 'refuses an extension that is too long', chunked(`5;${'a'.repeat(257)}\r\nhello\r\n0\r\n\r\n`)),
  no(18, 400, 'refuses data that is longer than its size', chunked('4\r\nhello\r\n0\r\n\r\n')),
  no(18, 400, 'refuses data that is shorter than its size', chunked('6\r\nhello\r\n0\r\n\r\n')),
  no(18, 400, 'refuses a bare LF behind data', chunked('5\r\nhello\n0\r\n\r\n')),
  no(18, 400, 'refuses a bare CR behind data', chunked('5\r\nhello\r0\r\n\r\n')),
  ok(19, 'takes trailers', chunked('0\r\nX-Sum: 1\r\nY:\r\n\r\n'), 'POST /a []'),
  no(19, 400, 'refuses a bare LF in a trailer', chunked('0\r\nX: a\n\r\n')),
  no(19, 400, 'refuses a bare LF as the last line', chunked('0\r\n\n')),
  no(19, 400, 'refuses a bare CR in a trailer', chunked('0\r\nX: a\rb\r\n\r\n')),
  no(19, 400, 'refuses space before the colon of a trailer', chunked('0\r\nX : a\r\n\r\n')),
  no(19, 400, 'refuses a folded trailer', chunked('0\r\nX: a\r\n b\r\n\r\n')),
  no(19, 400, 'refuses a trailer without a name', chunked('0\r\n: a\r\n\r\n')),
  no(19, 400, 'refuses a length as a trailer', chunked('0\r\nContent-Length: 5\r\n\r\n')),
  no(19, 400, 'refuses a cookie as a trailer', chunked('0\r\nCookie: a\r\n\r\n')),
  no(19, 431, 'refuses trailers that are too long', chunked(`0\r\nX: ${'a'.repeat(1100)}\r\n\r\n`)),
  no(20, 413, 'refuses chunks that are too much', chunked(`800\r\n${'a'.repeat(2048)}\r\n1\r\na\r\n0\r\n\r\n`)),

  { rule: 21, title: 'closes when told to', bytes: get('Connection: close\r\n') + next, verdict: ['GET /a'] },
  { rule: 21, title: 'closes when told to in a list', bytes: get('Connection: x, \tCLOSE\t\r\n') + next, verdict: ['GET /a'] },
  { rule: 21, title: 'closes when told to in a second field', bytes: get('Connection: keep-alive\r\nConnection: close\r\n') + next, verdict: ['GET /a'] },
  { rule: 21, title: 'closes after HTTP/1.0', bytes: `GET /a HTTP/1.0\r\nHost: h\r\n\r\n${next}`, verdict: ['GET /a'] },
  ok(21, 'keeps HTTP/1.0 when told to', 'GET /a HTTP/1.0\r\nHost: h\r\nConnection: Keep-Alive\r\n\r\n'),
  no(21, 400, 'refuses what is no token in Connection', get('Connection: close\xa0\r\n')),
  no(22, 417, 'does not meet another expectation', get('Expect: more\r\n')),
  ok(22, 'ignores an expectation of HTTP/1.0', 'GET /a HTTP/1.0\r\nHost: h\r\nExpect: more\r\nConnection: keep-alive\r\n\r\n'),
  ok(23, 'ignores Upgrade', get('Connection: upgrade\r\nUpgrade: h2c\r\n')),
];
