// The rows of a database that has lived: users, and the challenges, mails, sessions, events and limits of one sign-in for each. Made by
// the database itself, straight into its tables; ids begin with their time, as the product mints them, and events are copies of real ones.
// Between the columns of one row nothing else is told truly: nothing of it is for `postkey doctor --deep`.

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const DAY_MS = 86_400_000

/** Young enough that none of them is old for the standard policy, and would be removed while something is measured. */
export const SPAN_DAYS = { sign_ins: 25, events: 340, users: 700 }
export const EVENTS_EACH = 5

const words = {
  sqlite: {
    numbers: (from, to) => `with recursive numbers (n) as (select ${from} union all select n + 1 from numbers where n < ${to - 1})`,
    hex9: (x) => `printf('%09x', (${x}) % 68719476736)`,
    digest: () => 'substr(lower(hex(randomblob(22))), 1, 43)',
  },
  postgres: {
    numbers: (from, to) => `with numbers (n) as (select generate_series(${from}::bigint, ${to - 1}::bigint))`,
    hex9: (x) => `lpad(to_hex((${x}) % 68719476736), 9, '0')`,
    digest: (n, salt) => `substr(md5(${n}::text || '${salt}') || md5('${salt}' || ${n}::text), 1, 43)`,
  },
}

/** The newest sign-ins, whose limits no purge has looked at yet; and of how many people one got a code wrong within the year. */
const LIMITS_LEFT = 50_000
const ONE_IN = 20

export const limitsOf = (total) => 3 * Math.min(total, LIMITS_LEFT) + Math.max(0, Math.floor((total - LIMITS_LEFT) / ONE_IN))

/** Statements that write the rows of sign-ins `from` to `to` of `total`. Times end an hour before `now`. */
export function rowsOf(engine, { from, to, total, now, templates }) {
  const { numbers, hex9, digest } = words[engine]
  const digit = (x, power) => `substr('${BASE62}', cast(1 + ((${x}) / ${62 ** power}) % 62 as integer), 1)`
  const timeText = (t) => [6, 5, 4, 3, 2, 1, 0].map((power) => digit(t, power)).join(' || ')
  const at = (span) => `(${now - 3_600_000 - SPAN_DAYS[span] * DAY_MS} + (n * ${SPAN_DAYS[span] * DAY_MS}) / ${total})`
  const spans = Object.keys(SPAN_DAYS)
  // Times once for all rows of a sign-in: to write them as ids do takes longer than to insert a row.
  const past = [
    `create temporary table past as ${numbers(from, to)} select n, ${spans.map((span) => `${at(span)} as ${span}_at, ${timeText(at(span))} as ${span}`).join(', ')} from numbers`,
  ]
  // Odd, so that no two numbers come to the same.
  const tail = (salt) => hex9(`n * 7778742049 + ${salt * 1_000_003}`)
  const id = (span, salt) => `${span} || ${tail(salt)}`
  const email = `'person-' || ${tail(1)} || '@example.com'`
  const quote = (text) => `'${text.replaceAll("'", "''")}'`
  const insert = (table, columns, end = '') => {
    const names = Object.keys(columns)
    return `insert into ${table} (tenant, ${names.join(', ')}) select 'default', ${Object.values(columns).join(', ')} from past ${end}`
  }
  const challenge = id('sign_ins', 2)
  const network = "(11 + (n / 65536) % 200) || '.' || ((n / 256) % 256) || '.' || (n % 256) || '.0/24'"
  const sign = 'sign_ins_at'
  const events = Array.from({ length: EVENTS_EACH }, (_, nth) => {
    const { kind, reason, facts, decision, versions, cost } = templates[nth % templates.length]
    return insert('events', {
      id: id('events', 10 + nth),
      at: 'events_at',
      // The first two are of one request, as the mail of a start is, and a challenge has its id.
      request_id: nth < 2 ? id('events', 2) : id('events', 20 + nth),
      challenge: id('events', 2),
      user_id: kind === 'verify' ? id('users', 1) : 'null',
      session_id: kind === 'verify' ? `${id('events', 2)} || '-abc_1'` : 'null',
      ...Object.fromEntries(Object.entries({ kind, reason, facts, decision, versions, cost }).map(([name, text]) => [name, quote(text)])),
    })
  })
  return [
    ...past,
    insert('users', {
      id: id('users', 1),
      email,
      status: "'active'",
      created_at: 'users_at',
      confirmed_at: 'users_at',
      sign_in_count: '12',
      current_sign_in_at: sign,
      current_sign_in_place: "'Firefox on Linux, 203.0.113.0/24'",
      last_sign_in_at: 'users_at',
      last_sign_in_place: "'Safari on iPhone, 198.51.100.0/24'",
      browsers: `'["' || ${digest('n', 'b')} || '","' || ${digest('n', 'c')} || '"]'`,
    }),
    insert('challenges', {
      id: challenge,
      purpose: "'sign_in'",
      email,
      browser: digest('n', 'b'),
      return_to: "'https://app.example.com/account'",
      locale: "'en'",
      device: "'Firefox on Linux'",
      network,
      created_at: sign,
      completed_at: `${sign} + 40000`,
    }),
    insert('mails', {
      challenge,
      ordinal: '0',
      request_id: id('sign_ins', 20),
      created_at: sign,
      link_digest: digest('n', 'l'),
      code_digest: digest('n', 'd'),
      link_expires_at: `${sign} + 900000`,
      code_expires_at: `${sign} + 600000`,
      code_tries: '1',
      address_tries: '0',
      decoy: '0',
      state: "'sent'",
      tries: '1',
      due_at: `${sign} + 120000`,
      settled_at: `${sign} + 2000`,
    }),
    insert('sessions', {
      id: `${challenge} || '-abc_1'`,
      digest: digest('n', 's'),
      user_id: id('users', 1),
      challenge,
      proof: "'code'",
      device: "'Firefox on Linux'",
      network,
      created_at: `${sign} + 40000`,
      seen_at: `${sign} + 90000`,
    }),
    insert('views', {
      challenge,
      at: `${sign} + 30000`,
      id: id('sign_ins', 30),
      ordinal: '0',
      facts: quote('{"method":"GET","state":"live","bound":true,"cookie":true,"prefetch":false,"navigation":true,"ageMs":30000}'),
    }),
    ...events,
    // Of the past a purge leaves the mailboxes that got a code wrong within the year. Of the newest sign-ins everything is there still.
    ...[
      [`'mailbox:' || ${email}`, `'{"mails":[[' || ${sign} || ',"' || ${challenge} || '"]],"knownMails":[],"failures":[],"bounces":[]}'`],
      [`'browser:' || ${digest('n', 'b')}`, `cast(${sign} + 30000 as text)`],
      [`'net:' || ${network}`, `cast(${sign} + 20000 as text)`],
    ].map(([name, state]) => insert('limits', { name, state }, `where n >= ${total - LIMITS_LEFT} on conflict do nothing`)),
    insert(
      'limits',
      {
        name: `'mailbox:' || ${email}`,
        state: `'{"mails":[],"knownMails":[],"failures":[[' || (${now} - n % 30000000000) || ',"' || ${challenge} || '"]],"bounces":[]}'`,
      },
      `where n < ${total - LIMITS_LEFT} and n % ${ONE_IN} = 0 on conflict do nothing`,
    ),
    'drop table past',
  ]
}
