// An example under examples/, as somebody who copies it has it: installed from its own lock file, built, and started as a process of its
// own with settings in its environment. On a Node that is new enough for its framework, which is fetched where this one is not.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { freePort } from './free-port.ts'
import { SERVE_SECRET } from './server.ts'

const folder = fileURLToPath(new URL('../examples', import.meta.url))

// Builders that ask home. Prisma's would also fetch an engine from its vendor, before every command; `generate` then starts none, so any
// file is as good.
const QUIET = { NEXT_TELEMETRY_DISABLED: '1', CHECKPOINT_DISABLE: '1', PRISMA_SCHEMA_ENGINE_BINARY: process.execPath }

export interface Manifest {
  readonly engines: { readonly node: string }
  readonly scripts: { readonly build?: string; readonly start: string }
}

/** It has a table of users of its own. */
export function keepsUsers(example: string): boolean {
  return existsSync(join(folder, example, 'users.js'))
}

export const examples: readonly string[] = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)

export function manifestOf(example: string): Manifest {
  return JSON.parse(readFileSync(join(folder, example, 'package.json'), 'utf8')) as Manifest
}

export interface RunningExample {
  readonly origin: string
  /** Where its own users are, if it keeps any. */
  readonly users: string
  /** Everything that it said. */
  output(): string
  /** Once more on the same data, with its clock so many milliseconds ahead. */
  restart(ahead: number): Promise<void>
  stop(): Promise<void>
}

/** Installs and builds; what it does is said at once. */
export async function prepareExample(example: string): Promise<void> {
  const cwd = join(folder, example)
  say(`${example}: npm ci`)
  await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], cwd, process.env)
  const { build } = manifestOf(example).scripts
  for (const step of build?.split(' && ') ?? []) {
    say(`${example}: ${step}`)
    const [node, ...args] = await commandOf(example, step)
    await run(node, args, cwd, { ...process.env, PATH: pathOf(node), NODE_ENV: 'production', ...QUIET })
  }
}

export async function startExample(example: string, mailPort: number): Promise<RunningExample> {
  const data = mkdtempSync(join(tmpdir(), 'postkey-example-'))
  const port = await freePort()
  const origin = `http://localhost:${port}`
  const [node, ...args] = await commandOf(example, manifestOf(example).scripts.start)
  let said = ''
  let child: ChildProcess
  const start = async (ahead: number): Promise<void> => {
    child = spawn(node, args, {
      cwd: join(folder, example),
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: pathOf(node),
        HOME: process.env['HOME'] ?? '',
        NODE_ENV: 'production',
        NODE_OPTIONS: ahead === 0 ? '' : `--import=${new URL('shifted-clock.mjs', import.meta.url).href}`,
        POSTKEY_TEST_CLOCK: String(ahead),
        HOST: 'localhost',
        PORT: String(port),
        // SvelteKit takes itself to be behind a proxy with TLS, unless a header says otherwise.
        PROTOCOL_HEADER: 'x-forwarded-proto',
        POSTKEY_URL: origin,
        POSTKEY_SECRET: SERVE_SECRET,
        POSTKEY_DATABASE_URL: `file:${join(data, 'postkey.db')}`,
        POSTKEY_MAIL_FROM: 'sign-in@example.com',
        POSTKEY_SMTP_URL: `smtp://127.0.0.1:${mailPort}?tls=off`,
        DATABASE_URL: `file:${join(data, 'app.db')}`,
      },
    })
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        said += chunk.toString()
      })
    for (const end = Date.now() + 60_000; ; await new Promise((resolve) => setTimeout(resolve, 100))) {
      const up = await fetch(`${origin}/`).then(
        ({ status }) => status === 200,
        () => false,
      )
      if (up) return
      if (child.exitCode !== null || Date.now() > end) throw new Error(`${example} did not start:\n${said}`)
    }
  }
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), 5_000)
    await gone
    clearTimeout(timer)
  }
  const remove = (): void => rmSync(data, { recursive: true, force: true })
  await start(0).catch(async (error: unknown) => {
    await stop()
    remove()
    throw error
  })
  return {
    origin,
    users: join(data, 'app.db'),
    output: () => said,
    restart: async (ahead) => {
      await stop()
      await start(ahead)
    },
    stop: async () => {
      await stop()
      remove()
    },
  }
}

/** Past the capture of the test runner, which shows what was said when a file has ended. */
function say(line: string): void {
  writeSync(1, `${line}\n`)
}

/** Without npm or a shell between: a signal has to reach it. */
async function commandOf(example: string, script: string): Promise<[string, ...string[]]> {
  const [program = '', ...args] = script.split(' ')
  const node = await nodeFor(manifestOf(example).engines.node)
  return program === 'node' ? [node, ...args] : [node, realpathSync(join(folder, example, 'node_modules/.bin', program)), ...args]
}

/** @param range as the manifests of the examples write it: ">=22.22". */
async function nodeFor(range: string): Promise<string> {
  const wanted = numbers(range)
  if (!isBefore(numbers(process.versions.node), wanted)) return process.execPath
  const { fetchNode, NODES } = (await import(new URL('../scripts/nodes.mjs', import.meta.url).href)) as {
    fetchNode(version: string): string
    NODES: readonly string[]
  }
  const version = NODES.find((one) => !isBefore(numbers(one), wanted))
  if (version === undefined) throw new Error(`no Node of scripts/nodes.mjs is ${range}`)
  return fetchNode(version)
}

const numbers = (version: string): readonly number[] => (version.match(/\d+/g) ?? []).map(Number)

function isBefore(one: readonly number[], other: readonly number[]): boolean {
  const [major = 0, minor = 0] = one
  const [otherMajor = 0, otherMinor = 0] = other
  return major < otherMajor || (major === otherMajor && minor < otherMinor)
}

/** Builders start Nodes of their own, by name. */
const pathOf = (node: string): string => `${dirname(node)}${delimiter}${process.env['PATH'] ?? ''}`

async function run(program: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<void> {
  await promisify(execFile)(program, args, { cwd, env, maxBuffer: 64 * 1_024 * 1_024 }).catch(
    (error: { readonly message: string; readonly stdout?: string; readonly stderr?: string }) => {
      throw new Error(`${error.message}\n${error.stdout ?? ''}\n${error.stderr ?? ''}`)
    },
  )
}
