// Where a setting comes from: a flag, the environment, a file that holds a secret, the config file, in this order. A name that is not
// known, a value given twice and a file that cannot be read are problems. No answer repeats a secret.
import { resolve } from 'node:path'
import { closest, distance } from 'fastest-levenshtein'
import { readSecretFile } from './secret-file.ts'
import { type Read, readJsonFile } from './setting.ts'
import { type Key, keys, type Setting, settings } from './settings.ts'

export type Mode = 'dev' | 'serve' | 'doctor' | 'migrate' | 'verify' | 'users' | 'webhooks' | 'recovery' | 'tenants'
export type Origin = 'flag' | 'env' | 'file' | 'default' | 'generated' | 'unset'

export interface ConfigProblem {
  /** The name people set it by: POSTKEY_URL. */
  readonly key: string
  readonly what: string
  readonly why: string
  readonly remedy: string
}

export interface ConfigSources {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Flags by camelCase key, as parsed. */
  readonly flags?: Readonly<Record<string, string | undefined>>
  /** A config file that must exist; without it, postkey.config.json is read if there is one. */
  readonly file?: string | undefined
  readonly mode: Mode
  readonly folder?: string
}

const CONFIG_FILE = 'postkey.config.json'

export interface Given {
  readonly value: unknown
  readonly origin: Origin
}

interface Place {
  readonly origin: 'flag' | 'env' | 'file'
  readonly value: unknown
  readonly path: unknown
}

/** First things first. */
function placesOf(key: Key, sources: ConfigSources, file: Readonly<Record<string, unknown>>): readonly Place[] {
  const { env } = settings[key]
  return [
    { origin: 'flag', value: sources.flags?.[key], path: sources.flags?.[`${key}File`] },
    { origin: 'env', value: sources.env[env], path: sources.env[`${env}_FILE`] },
    { origin: 'file', value: file[key] ?? file[env], path: file[`${key}File`] ?? file[`${env}_FILE`] },
  ]
}

// An empty variable is how compose files and shells say "not set".
const isGiven = (value: unknown): boolean => value !== undefined && value !== null && value !== ''

/** Where the secret stands: in a file of its own, or right in the environment or the config file; null: nowhere. */
export function placeOfSecret(
  sources: ConfigSources,
): { readonly file: string } | { readonly direct: Origin } | { readonly problems: readonly ConfigProblem[] } | null {
  const problems: ConfigProblem[] = []
  const config = readConfigFile(sources, problems)
  if (problems.length > 0) return { problems }
  for (const { origin, value, path } of placesOf('secret', sources, config)) {
    if (isGiven(value)) return { direct: origin }
    if (typeof path !== 'string' || path === '') continue
    const file = resolve(folderOf(sources), path)
    const misplaced = readSecretFile(file).ok ? null : valueAsFile('secret', path)
    return misplaced === null ? { file } : { problems: [misplaced] }
  }
  return null
}

export function find(key: Key, sources: ConfigSources, file: Readonly<Record<string, unknown>>, problems: ConfigProblem[]): Given | null {
  const { env } = settings[key]
  const secret = 'secret' in settings[key]
  for (const { origin, value, path } of placesOf(key, sources, file)) {
    const hasValue = isGiven(value)
    const hasPath = secret && typeof path === 'string' && path !== ''
    if (hasValue && hasPath) {
      problems.push({
        key: env,
        what: `is given twice, directly and as ${env}_FILE`,
        why: 'one of them is out of date',
        remedy: 'remove one of the two',
      })
    }
    if (hasValue) return { origin, value }
    if (!hasPath) continue
    const read = readSecretFile(resolve(folderOf(sources), path))
    if (read.ok) return { origin, value: read.text }
    const unread = { key: `${env}_FILE`, what: read.why, why: settings[key].why, remedy: 'check the path, and that this user may read it' }
    problems.push(valueAsFile(key, path) ?? unread)
    return { origin, value: null }
  }
  return null
}

/** What belongs into the file, in the place of its name: to say which file is not there would be to print it. */
function valueAsFile(key: Key, path: string): ConfigProblem | null {
  const { env, why, read } = settings[key]
  if (!read(path).ok) return null
  const what = 'holds the value itself, where the name of a file belongs'
  return { key: `${env}_FILE`, what, why, remedy: `put it into a file and name that, or set ${env}` }
}

export function readText(reader: Setting<unknown>, value: unknown): Read<unknown> {
  if (typeof value === 'string') return reader.read(value.trim())
  if (typeof value === 'number') return reader.read(String(value))
  if (Array.isArray(value) && value.every((part) => typeof part === 'string')) return reader.read(value.join(','))
  return { ok: false, what: 'is neither text, number nor a list of texts', remedy: 'write it as text' }
}

export function readConfigFile(sources: ConfigSources, problems: ConfigProblem[]): Readonly<Record<string, unknown>> {
  const path = resolve(folderOf(sources), sources.file ?? CONFIG_FILE)
  const read = readJsonFile(path)
  if (!read.ok) {
    const absent = sources.file === undefined && read.what.includes('(ENOENT)')
    if (!absent) problems.push({ key: '--config', what: read.what, why: 'settings in it would silently not apply', remedy: read.remedy })
    return {}
  }
  if (typeof read.value === 'object' && read.value !== null && !Array.isArray(read.value)) return read.value as Record<string, unknown>
  problems.push({
    key: '--config',
    what: `${path} is not a JSON object`,
    why: 'settings in it would silently not apply',
    remedy: 'write { "url": "https://…" }',
  })
  return {}
}

// A setting with a slip in its name does nothing, and the server runs on a default nobody chose.
export function refuseUnknown(env: ConfigSources['env'], file: Readonly<Record<string, unknown>>, problems: ConfigProblem[]): void {
  const names = keys.flatMap((key) => ('secret' in settings[key] ? [settings[key].env, `${settings[key].env}_FILE`] : [settings[key].env]))
  const inFile = [...names, ...keys.flatMap((key) => ('secret' in settings[key] ? [key, `${key}File`] : [key])), '$schema']
  for (const name of Object.keys(env)) {
    // What preflight alone reads sets up nothing.
    if (/^POSTKEY_(?!TEST_|PREFLIGHT_)/.test(name) && !names.includes(name)) problems.push(unknown(name, names, 'environment variable'))
  }
  for (const name of Object.keys(file)) {
    if (!inFile.includes(name)) problems.push(unknown(name, inFile, 'key of the config file'))
  }
}

function unknown(name: string, known: readonly string[], place: string): ConfigProblem {
  const nearest = closest(name, known as string[])
  const near = distance(name, nearest) <= 4 || nearest.startsWith(name)
  return {
    key: name,
    what: `is no ${place} that Postkey knows`,
    why: 'a misspelled setting has no effect',
    remedy: near ? `did you mean ${nearest}?` : 'remove it, or see postkey --help',
  }
}

export function folderOf(sources: ConfigSources): string {
  return sources.folder ?? process.cwd()
}
