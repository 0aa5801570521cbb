// `postkey keys rotate`: replaces the secret where it stands in a file. The first secret makes, every one is accepted; so a new one goes
// before the old one, and the old one goes when nothing is left that was made with it. No secret is ever printed.
import type { ExitCode, Request } from './command.ts'
import { sourcesOf, tellProblems } from './problems.ts'
import { newSecret, readSecretFile, replaceSecretFile } from './secret-file.ts'
import { readSecrets } from './setting.ts'
import { placeOfSecret } from './sources.ts'

/** How the list of secrets, newest first, changes; or why it cannot. */
type Step = (secrets: readonly string[]) => readonly string[] | { readonly refused: string }

interface Action {
  readonly change: Step
  /** What is so now, and what is to be done next. */
  readonly done: string
  readonly next: string
}

const WAIT = 'when the last link and code from before have run out (an hour under `corporate`)'
const TWO_ALREADY = 'there is a previous secret already, and a server accepts two — take it away first: postkey keys rotate --drop-old'

const actions: Readonly<Record<'rotate' | 'announce' | 'switch' | 'drop-old', Action>> = {
  rotate: {
    change: (secrets) => (secrets.length > 1 ? { refused: TWO_ALREADY } : [newSecret(), ...secrets]),
    done: 'A new secret stands before the old one, which is still accepted.',
    next: `Restart the server. Take the old one away ${WAIT}: postkey keys rotate --drop-old`,
  },
  announce: {
    change: (secrets) => (secrets.length > 1 ? { refused: TWO_ALREADY } : [...secrets, newSecret()]),
    done: 'A new secret stands behind the present one: known, and not used yet.',
    next: 'Restart every server. Then: postkey keys rotate --switch',
  },
  switch: {
    change: (secrets) =>
      secrets.length < 2
        ? { refused: 'there is only one secret — announce another one first: postkey keys rotate --announce' }
        : secrets.toReversed(),
    done: 'The two secrets have changed places.',
    next: `Restart every server. Take the old one away ${WAIT}: postkey keys rotate --drop-old`,
  },
  'drop-old': {
    change: (secrets) => (secrets.length < 2 ? { refused: 'there is only one secret, and nothing to take away' } : secrets.slice(0, 1)),
    done: 'The previous secret is gone from the file.',
    next: 'Restart the server: until then it accepts what was made with it.',
  },
}

export async function keys(request: Request): Promise<ExitCode> {
  const { terminal, switches, words } = request
  const asked = (['announce', 'switch', 'drop-old'] as const).filter((name) => switches.has(name))
  if (words[0] !== 'rotate' || asked.length > 1) {
    terminal.err(`postkey keys: ${words[0] === 'rotate' ? 'one step at a time' : 'what with them?'} — postkey keys rotate`)
    terminal.err('See: postkey keys --help')
    return 2
  }
  const place = placeOfSecret(sourcesOf(request, 'serve'))
  if (place !== null && 'problems' in place) {
    tellProblems(request, 'keys rotate', place.problems)
    return 2
  }
  if (place === null) return refuse(request, 2, 'no file holds a secret — name it with --secret-file or POSTKEY_SECRET_FILE')
  if ('direct' in place) return refuse(request, 2, byHand(place.direct === 'file' ? 'the config file' : 'the environment'))
  return rotate(request, place.file, asked[0] ?? 'rotate')
}

function rotate(request: Request, file: string, name: keyof typeof actions): ExitCode {
  const { change, done, next } = actions[name]
  const held = readSecretFile(file)
  if (!held.ok) return refuse(request, 1, held.why)
  const secrets = readSecrets(held.text)
  if (!secrets.ok) return refuse(request, 1, `${file} ${secrets.what} — ${secrets.remedy}`)
  const changed = change(secrets.value)
  if ('refused' in changed) return refuse(request, 1, changed.refused)
  try {
    replaceSecretFile(file, changed.join(','))
  } catch (error) {
    return refuse(request, 1, unwritable(file, (error as NodeJS.ErrnoException).code))
  }
  if (request.json) request.terminal.out(JSON.stringify({ ok: true, file, step: name, secrets: changed.length, next }))
  else request.terminal.out(`${done} (${file})\n${next}`)
  return 0
}

function refuse({ terminal, json }: Request, code: ExitCode, why: string): ExitCode {
  if (json) terminal.out(JSON.stringify({ ok: false, error: why }))
  terminal.err(`postkey keys rotate: ${why}`)
  return code
}

function unwritable(file: string, code = 'unknown error'): string {
  if (code === 'EEXIST') return `${file}.new is there — another rotation is under way; if one was broken off, remove that file`
  return `${file} cannot be replaced (${code}) — run this as its owner; where it is mounted read-only, change it at its source`
}

const byHand = (place: string): string =>
  `the secret stands in ${place}, which this command does not change — put a new one before it yourself:

  POSTKEY_SECRET="$(openssl rand -base64 33),$POSTKEY_SECRET"

and restart the server; take the old one away ${WAIT}. Or keep it in a file, named by POSTKEY_SECRET_FILE`
