// The rows behind the addresses of a timing test. Written before anything is measured, beside the server and not through it: thousands of
// sign-ins would take longer than the test, and no route disables a user.
import pg from 'pg'
import { lots } from './auc.mjs'
import { openSqlite } from './sqlite.mjs'
import { ELSEWHERE } from './timing-plan.mjs'

const DAY_MS = 86_400_000
const BATCH = 200
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const columns =
  'tenant, id, email, status, created_at, confirmed_at, sign_in_count, current_sign_in_at, current_sign_in_place, last_sign_in_at, last_sign_in_place, browsers'

/** `people`: email and kind of each. An unknown one has no row anywhere. */
export async function makeAccounts(databaseUrl, dist, secret, seed, people) {
  const draw = lots(seed)
  const word = (length) => Array.from({ length }, () => ALPHABET[Math.floor(draw() * ALPHABET.length)]).join('')
  const now = Date.now()
  const accounts = people.filter(({ kind }) => kind !== 'unknown')
  const rows = accounts.map(({ email, kind }) => [
    tenantOf(kind),
    word(16),
    email,
    kind === 'disabled' ? 'disabled' : 'active',
    now - 90 * DAY_MS,
    now - 90 * DAY_MS,
    12,
    now - 3 * DAY_MS,
    'Firefox, Linux',
    now - 5 * DAY_MS,
    'Safari, iPhone',
    // As wide as it gets (BROWSERS_KNOWN in src/core/model.ts).
    JSON.stringify(Array.from({ length: 10 }, () => word(43))),
  ])
  await (databaseUrl.startsWith('file:') ? insertSqlite : insertPostgres)(databaseUrl, rows)
  await writeLimits(databaseUrl, dist, secret, accounts, (kind) => windowsOf(kind, now, word))
}

const tenantOf = (kind) => (kind === ELSEWHERE ? ELSEWHERE : 'default')

/** Everybody with an account was mailed to last some days ago. */
function windowsOf(kind, now, word) {
  const hits = (count, since, apart) => Array.from({ length: count }, (_, index) => [now - since + index * apart, word(16)])
  const windows = { mails: hits(3, 3 * DAY_MS, 60_000), knownMails: [], failures: [], bounces: [] }
  // The window of a day, so that it is still full at the end of a long run; it is also the longer one.
  if (kind === 'throttled') return { ...windows, mails: hits(10, 10 * 3_600_000, 1_800_000) }
  if (kind === 'suppressed') return { ...windows, bounces: hits(3, 3 * DAY_MS, 60_000) }
  return windows
}

async function insertSqlite(databaseUrl, rows) {
  const database = await openSqlite(databaseUrl)
  try {
    database.exec('pragma busy_timeout = 5000; begin immediate')
    const insert = database.prepare(`insert into users (${columns}) values (${columns.replace(/\w+/g, '?')})`)
    for (const row of rows) insert.run(...row)
    database.exec('commit; pragma wal_checkpoint(truncate)')
  } finally {
    database.close()
  }
}

async function insertPostgres(databaseUrl, rows) {
  const client = new pg.Client({ connectionString: databaseUrl, options: '-c postkey.tenant=*' })
  await client.connect()
  const types = ['text', 'text', 'text', 'text', 'bigint', 'bigint', 'bigint', 'bigint', 'text', 'bigint', 'text', 'text']
  const lists = types.map((type, index) => `$${index + 1}::${type}[]`).join(', ')
  for (let from = 0; from < rows.length; from += 1_000) {
    const some = rows.slice(from, from + 1_000)
    await client.query(
      `insert into users (${columns}) select * from unnest(${lists})`,
      types.map((_, index) => some.map((row) => row[index])),
    )
  }
  await client.end()
}

/** Through the engine, which alone knows where the states of limits are at the moment. */
async function writeLimits(databaseUrl, dist, secret, people, windowsOf) {
  const [{ openEngine }, { everywhereLimit, mailboxLimit, writeWindows }, { addressKey, keyring }, { mailboxKey }] = await Promise.all([
    import(`${dist}/store/open.js`),
    import(`${dist}/store/limits.js`),
    import(`${dist}/secret.js`),
    import(`${dist}/core/address.js`),
  ])
  const keys = keyring([secret])
  const everywhere = (email) => addressKey(keys, '', mailboxKey(email))
  const engine = await openEngine(databaseUrl)
  const write = async (tenant, states) => {
    for (let from = 0; from < states.length; from += BATCH) {
      const some = states.slice(from, from + BATCH)
      await engine.within(tenant).write({
        locks: { tenant, keys: [], limits: some.map(({ name }) => name) },
        // biome-ignore lint/correctness/useYield: an operation without a statement
        run: function* ({ limits }) {
          for (const { name, windows } of some) writeWindows(limits, tenant, name, windows)
        },
      })
    }
  }
  for (const tenant of new Set(people.map(({ kind }) => tenantOf(kind)))) {
    const states = people
      .filter(({ kind }) => tenantOf(kind) === tenant)
      .map(({ email, kind }) => ({ email, name: mailboxLimit(email), windows: windowsOf(kind) }))
    await write(tenant, states)
    // What all tenants count of a mailbox stands with the tenant of the settings. Where there is one tenant nobody counts it.
    if (tenant === ELSEWHERE) {
      await write(
        'default',
        states.map(({ email, windows }) => ({ name: everywhereLimit({ everywhere }, email), windows })),
      )
    }
  }
  await engine.close()
  // Or the first look at each row would be the one that marks it as committed, and that is a write.
  if (!databaseUrl.startsWith('file:')) {
    const client = new pg.Client({ connectionString: databaseUrl })
    await client.connect()
    await client.query('vacuum analyze')
    await client.end()
  }
}
