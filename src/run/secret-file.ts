// Secrets that live in files: those an operator points to (…_FILE), and the one `postkey dev` makes for itself. A file that cannot
// be read is a refusal, never a reason to go on with something weaker.
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'

export type SecretFile = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly why: string }

/** No secret of ours is longer; whoever points at a disk image by mistake gets an answer instead of an eaten memory. */
const BYTES_MAX = 16_384

export function readSecretFile(path: string): SecretFile {
  try {
    const bytes = readFileSync(path)
    if (bytes.length > BYTES_MAX) return { ok: false, why: `${path} is larger than ${BYTES_MAX} bytes` }
    const text = bytes.toString('utf8').trim()
    return text === '' ? { ok: false, why: `${path} is empty` } : { ok: true, text }
  } catch (error) {
    return { ok: false, why: `${path} cannot be read (${codeOf(error)})` }
  }
}

/** The secret of a development server, made at its first start, so that sessions survive a restart. Throws when it can do neither. */
export function ensureSecretFile(path: string): { readonly text: string; readonly made: boolean } {
  const made = makeSecretFile(path)
  const file = readSecretFile(path)
  if (!file.ok) throw new Error(file.why)
  return { text: file.text, made }
}

// Written beside its place and then linked there: a link fails if the name is taken, so two servers that start at the same moment
// agree on one secret, and neither ever reads half of it.
function makeSecretFile(path: string): boolean {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const draft = `${path}.${process.pid}.${randomBytes(6).toString('hex')}`
  writeFileSync(draft, `${newSecret()}\n`, { mode: 0o600, flag: 'wx' })
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

/**
 * Puts another text in the place of what the file holds: whoever reads it gets the one or the other, also after a power cut. It stays
 * its owner's; its group may read it if it could before, others never.
 */
export function replaceSecretFile(path: string, text: string): void {
  // Where it points to: a link is somebody's order of things.
  const place = realpathSync(path)
  const { uid, gid, mode } = statSync(place)
  const draft = `${place}.new`
  // One at a time: the second of two would take away what the first has just put in.
  const file = openSync(draft, 'wx', 0o600)
  try {
    writeSync(file, `${text}\n`)
    if (process.getuid?.() === 0) fchownSync(file, uid, gid)
    fchmodSync(file, 0o600 | (mode & 0o040))
    fsyncSync(file)
    renameSync(draft, place)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  } finally {
    closeSync(file)
  }
  const folder = openSync(dirname(place), 'r')
  fsyncSync(folder)
  closeSync(folder)
}

export function newSecret(): string {
  return randomBytes(33).toString('base64url')
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
}
