// `postkey serve` as a process of its own, as an operator runs it: settings by environment, JSON lines on stdout.
import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { databaseFolder } from './folders.ts'
import { freePort } from './free-port.ts'

export interface ServeProcess {
  readonly url: string
  readonly database: string
  readonly port: number
  /** For signals of one's own: `process.kill(pid, 'SIGKILL')`. */
  readonly pid: number
  /** Everything on stdout so far, a JSON object a line. */
  lines(): Record<string, unknown>[]
  stdout(): string
  stderr(): string
  /** SIGTERM; the exit code, null if a signal ended it. */
  stop(): Promise<number | null>
}

export const SERVE_SECRET = 'Jq3b0T9rW2mZxVY7kLs5dHu8PfGc1NaE4oRiQwXyBtM6'

export async function startServe(env: Record<string, string>): Promise<ServeProcess> {
  const folder = databaseFolder('postkey-serve-')
  const port = env['PORT'] === undefined ? await freePort() : Number(env['PORT'])
  const url = `http://localhost:${port}`
  const database = join(folder, 'postkey.db')
  const child = spawn(process.execPath, [fileURLToPath(new URL('../dist/cli.js', import.meta.url)), 'serve'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'] ?? '',
      POSTKEY_TEST_SQLITE: process.env['POSTKEY_TEST_SQLITE'] ?? '',
      POSTKEY_URL: url,
      PORT: String(port),
      HOST: '127.0.0.1',
      POSTKEY_SECRET: SERVE_SECRET,
      POSTKEY_DATABASE_URL: `file:${database}`,
      POSTKEY_MAIL_FROM: 'Example <sign-in@example.com>',
      ...env,
    },
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const { pid } = child
  // Not 0 in its place: a signal to 0 goes to everybody in the group of the tests.
  if (pid === undefined) throw new Error('postkey serve could not be started')
  for (let tries = 0; ; tries++) {
    const up = await fetch(`http://127.0.0.1:${port}/livez`).then(
      (response) => response.ok,
      () => false,
    )
    if (up) break
    if (child.exitCode !== null || tries > 600) throw new Error(`postkey serve did not start: ${stderr}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  return {
    url,
    database,
    port,
    pid,
    lines: () =>
      stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    stdout: () => stdout,
    stderr: () => stderr,
    stop: async () => {
      child.kill('SIGTERM')
      const code = await ended
      rmSync(folder, { recursive: true, force: true })
      return code
    },
  }
}
