// The floor: the least that a program on node:http and SQLite can do and still have signed somebody in. No pages, limits, audit,
// mail queue, users or origin check. Same driver, same durability, same code channel as Postkey.
//   ask      mint a code, insert a challenge (1 statement), 303
//   verify   spend it if it fits, insert a session (2 statements), 303 with a cookie
//   session  look it up (1 statement), JSON
import { createHmac, hash, randomBytes, randomInt } from 'node:crypto'
import { createServer } from 'node:http'
import { openChannel } from './channel.mjs'
import { answerRunner } from './control.mjs'

const { socket, database: path, groupCommit } = JSON.parse(process.env.BENCH_OPTIONS)
const TTL_MS = 600_000
const BATCH_MAX = 50

const database = await openDatabase(path)
database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma wal_autocheckpoint = 4000; pragma cache_size = -65536')
database.exec(`
  create table challenges (id text primary key, email text not null, code text not null, expires_at integer not null, used_at integer) without rowid;
  create table sessions (digest text primary key, email text not null, created_at integer not null) without rowid;
`)
const insertChallenge = database.prepare('insert into challenges (id, email, code, expires_at) values (?, ?, ?, ?)')
const spendChallenge = database.prepare(
  'update challenges set used_at = ? where id = ? and code = ? and used_at is null and expires_at > ? returning email',
)
const insertSession = database.prepare('insert into sessions (digest, email, created_at) values (?, ?, ?)')
const findSession = database.prepare('select email, created_at from sessions where digest = ?')

const channel = openChannel(socket)
const key = randomBytes(32)
const commit = groupCommit ? commitTogether() : commitAlone

const server = createServer((request, response) => {
  if (request.method === 'GET') return session(request, response)
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const form = new URLSearchParams(Buffer.concat(chunks).toString())
    if (request.url === '/sign-in') ask(form, response)
    else verify(form, response)
  })
})
server.keepAliveTimeout = 60_000

function ask(form, response) {
  const email = form.get('email')
  const id = randomBytes(12).toString('base64url')
  const code = randomInt(0, 1_000_000).toString().padStart(6, '0')
  const digest = codeDigest(id, code)
  commit(
    () => insertChallenge.run(id, email, digest, Date.now() + TTL_MS),
    () => {
      channel.send(email, code, '', '')
      response.writeHead(303, { location: `/sign-in/check?c=${id}`, 'content-length': '0' }).end()
    },
  )
}

function verify(form, response) {
  const id = form.get('c')
  const digest = codeDigest(id, form.get('code'))
  const token = randomBytes(32).toString('base64url')
  commit(
    () => {
      const now = Date.now()
      const row = spendChallenge.get(now, id, digest, now)
      if (row === undefined) return false
      insertSession.run(sessionDigest(token), row.email, now)
      return true
    },
    (signedIn) => {
      if (signedIn) {
        const cookie = `postkey-session=${token}; Path=/; HttpOnly; SameSite=Lax`
        response.writeHead(303, { location: '/', 'set-cookie': cookie, 'content-length': '0' }).end()
      } else response.writeHead(422, { 'content-length': '0' }).end()
    },
  )
}

function session(request, response) {
  const token = /(?:^|; )postkey-session=([^;]+)/.exec(request.headers.cookie ?? '')?.[1] ?? ''
  const row = findSession.get(sessionDigest(token))
  const body = JSON.stringify(row ?? null)
  response.writeHead(row ? 200 : 401, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body)
}

function codeDigest(id, code) {
  return createHmac('sha256', key).update(`${id}\0${code}`).digest('base64url')
}

function sessionDigest(token) {
  return hash('sha256', token, 'base64url')
}

function commitAlone(write, done) {
  database.exec('begin immediate')
  const result = write()
  database.exec('commit')
  done(result)
}

/** Writes of one turn of the event loop share a commit. */
function commitTogether() {
  const queue = []
  const drain = () => {
    while (queue.length > 0) {
      const batch = queue.splice(0, BATCH_MAX)
      database.exec('begin immediate')
      const results = batch.map(({ write }) => write())
      database.exec('commit')
      batch.forEach(({ done }, index) => {
        done(results[index])
      })
    }
  }
  return (write, done) => {
    if (queue.length === 0) setImmediate(drain)
    queue.push({ write, done })
  }
}

/** The provider that src/store/sqlite.ts would choose. */
async function openDatabase(file) {
  const [major, minor] = process.versions.node.split('.').map(Number)
  const builtIn = process.env.POSTKEY_SQLITE !== 'package' && (major > 22 || (major === 22 && minor >= 13))
  const { DatabaseSync } = await import(builtIn ? 'node:sqlite' : '@photostructure/sqlite')
  return new DatabaseSync(file)
}

server.listen(0, '127.0.0.1', () => {
  const stop = async () => {
    channel.close()
    server.closeAllConnections()
    database.close()
  }
  answerRunner({ port: server.address().port, stop })
})
