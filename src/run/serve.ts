// `postkey dev` and `postkey serve`: from settings to a running server, and its orderly end.
import { resolve } from 'node:path'
import { paths } from '../core/paths.ts'
import { appVersion } from '../versions.ts'
import type { ExitCode, Request, Terminal } from './command.ts'
import { type Config, readConfig } from './config.ts'
import { createLog, type Log } from './log.ts'
import { sourcesOf, tellProblems } from './problems.ts'

export async function serve(request: Request, mode: 'dev' | 'serve'): Promise<ExitCode> {
  const { terminal, json } = request
  const result = readConfig(sourcesOf(request, mode))
  if (!result.ok) {
    tellProblems(request, mode, result.problems)
    return 2
  }
  const { config } = result
  const pretty = mode === 'dev' && !json
  const log = createLog({ level: config.log, format: pretty ? 'pretty' : 'json', colours: hasColours(terminal) })
  const { startServer } = await import('../server.ts')
  const server = await startServer(config, { mode, log })
  logCrashes(log)
  if (pretty) terminal.out(banner(config, server.url, terminal))
  return await untilStopped(server, log)
}

function hasColours({ env, interactive }: Terminal): boolean {
  return interactive && !env['NO_COLOR']
}

function banner(config: Config, at: string, { folder }: Terminal): string {
  const lines = [
    ['sign in', at + paths.signIn],
    ...(config.smtpUrl === null ? [['inbox', at + paths.devInbox]] : [['mail', 'goes out through your mail server']]),
    ['data', placeOf(config.databaseUrl, folder)],
    ['stop', 'Ctrl+C'],
  ]
  return [
    '',
    `  Postkey ${appVersion} runs on ${at}/`,
    '',
    ...lines.map(([name = '', value]) => `    ${name.padEnd(8)} ${value}`),
    '',
  ].join('\n')
}

function placeOf(databaseUrl: string, folder: string): string {
  if (!databaseUrl.startsWith('file:')) return `PostgreSQL on ${new URL(databaseUrl).host}`
  return databaseUrl.includes(':memory:') ? 'in memory only' : resolve(folder, databaseUrl.slice('file:'.length))
}

/** Node would print such an error whole, with whatever it holds. Nobody knows what state it leaves behind: the process ends. */
function logCrashes(log: Log): void {
  process.on('uncaughtException', (error) => {
    log.error('crashed', error)
    void log.flush().then(() => process.exit(1))
  })
}

/** The first signal ends what is going on and closes; a second one ends at once, for whoever cannot wait. */
async function untilStopped(server: { close(): Promise<void> }, log: Log): Promise<ExitCode> {
  const signal = await new Promise<NodeJS.Signals>((stop) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop(name))
  })
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => process.exit(1))
  log.event('stopping', { signal })
  let code: ExitCode = 0
  try {
    await server.close()
  } catch (error) {
    log.error('stop_failed', error)
    code = 1
  }
  await log.flush()
  // Lines that nobody reads are still waiting in the pipe, and would keep the process alive.
  process.exit(code)
}
