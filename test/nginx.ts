// A real nginx in front of nodes of ours, with the configuration that docs/operating.md prints. It is the one of the machine, or
// that of Debian's package, unpacked into a temporary folder: nothing is installed, and nobody need be root.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Nginx {
  /** All that it has written into access log and error log. */
  accessLog(): string
  errorLog(): string
  /** Files that a body or an answer went into because it did not fit into memory. */
  spilled(): string
  stop(): Promise<void>
}

export interface NginxOptions {
  /** Where it answers: TLS, and plain HTTP that leads there. */
  readonly port: number
  readonly plainPort: number
  /** The ports of the two nodes. */
  readonly nodes: readonly [number, number]
  /** What is to be different from the page: each must stand in it. */
  readonly instead?: readonly (readonly [string, string])[]
}

export const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'))

/** The one block of nginx configuration in docs/operating.md. */
export function documentedConfig(): string {
  const page = readFileSync(new URL('../docs/operating.md', import.meta.url), 'utf8')
  const found = [...page.matchAll(/^```nginx\n([\s\S]*?)^```$/gm)]
  if (found.length !== 1) throw new Error(`docs/operating.md has ${found.length} blocks of nginx configuration, and should have one`)
  return found[0]?.[1] ?? ''
}

export async function startNginx({ port, plainPort, nodes, instead = [] }: NginxOptions): Promise<Nginx> {
  const folder = mkdtempSync(join(tmpdir(), 'postkey-nginx-'))
  // Its workers give up root, and still have to get to the folders for what does not fit into memory.
  chmodSync(folder, 0o711)
  const certificates = fileURLToPath(new URL('certificates', import.meta.url))
  const site = replaced(documentedConfig(), [
    ...instead,
    ['127.0.0.1:3001', `127.0.0.1:${nodes[0]}`],
    ['127.0.0.1:3002', `127.0.0.1:${nodes[1]}`],
    ['/etc/nginx/auth.example.com.pem', join(certificates, 'localhost.pem')],
    ['/etc/nginx/auth.example.com.key', join(certificates, 'key.pem')],
    ['https://auth.example.com', `https://localhost:${port}`],
    ['auth.example.com', 'localhost'],
    ['listen 80;', `listen 127.0.0.1:${plainPort};`],
    ['listen [::]:80;', hasIpv6 ? `listen [::1]:${plainPort};` : ''],
    ['listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`],
    ['listen [::]:443 ssl;', hasIpv6 ? `listen [::1]:${port} ssl;` : ''],
  ])
  const spills = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${join(folder, 'spill', name)};`)
  mkdirSync(join(folder, 'spill'))
  writeFileSync(join(folder, 'site.conf'), site)
  // What a distribution's nginx.conf says, as far as it matters here. Its access log has the format "combined".
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off;
worker_processes 1;
pid ${join(folder, 'pid')};
error_log ${join(folder, 'error.log')} info;
events { worker_connections 512; }
http {
  access_log ${join(folder, 'access.log')} combined;
  ${spills.join('\n  ')}
  include ${join(folder, 'site.conf')};
}
`,
  )
  const program = findNginx(folder)
  const flags = ['-p', folder, '-e', join(folder, 'error.log'), '-c', join(folder, 'nginx.conf')]
  const checked = spawnSync(program, ['-t', ...flags], { encoding: 'utf8' })
  if (checked.status !== 0) throw new Error(`nginx does not take the configuration of docs/operating.md:\n${checked.stderr}`)
  const child = spawn(program, flags, { stdio: 'ignore' })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const kill = (): boolean => child.kill('SIGTERM')
  process.once('exit', kill)

  const written = (name: string): string => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : '')
  for (let tries = 0; !(await answers(port)); tries++) {
    if (child.exitCode !== null || tries > 200) throw new Error(`nginx did not start:\n${written('error.log')}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  return {
    accessLog: () => written('access.log'),
    errorLog: () => written('error.log'),
    // A file is gone as soon as it is closed; nginx says in its log that there was one.
    spilled: () =>
      [
        ...written('error.log')
          .split('\n')
          .filter((line) => /buffered to a temporary file/.test(line)),
        ...readdirSync(join(folder, 'spill'), { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map(({ name }) => name),
      ].join('\n'),
    stop: async () => {
      process.off('exit', kill)
      kill()
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Every one of these texts must be there: a page that was changed must not be tested as something else. */
function replaced(text: string, changes: readonly (readonly [string, string])[]): string {
  return changes.reduce((before, [from, to]) => {
    if (!before.includes(from))
      throw new Error(`the nginx configuration in docs/operating.md does not say ${JSON.stringify(from)} any more`)
    return before.replaceAll(from, to)
  }, text)
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const done = (answer: boolean) => (): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', done(true)).once('error', done(false))
  })
}

function findNginx(folder: string): string {
  // Not everybody's PATH has the folders for administrators, where distributions put it.
  const places = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  const here = places.map((place) => join(place, 'nginx')).find(isProgram)
  if (here !== undefined) return here
  const said: string[] = []
  // "nginx" holds the program itself, or, in older releases, depends on the package that does.
  for (const name of ['nginx', 'nginx-core']) {
    try {
      const program = unpack(name, join(folder, name))
      if (!isProgram(program)) continue
      execFileSync(program, ['-v'], { stdio: 'pipe' })
      return program
    } catch (error) {
      said.push(`${name}: ${String((error as { stderr?: Buffer }).stderr ?? '').trim() || String(error)}`)
    }
  }
  throw new Error(
    'no nginx to test with: there is none on PATH, and the package of Debian or Ubuntu could not be fetched — ' +
      `install it (apt-get install nginx, dnf install nginx, brew install nginx)\n${said.join('\n')}`,
  )
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Where the program would be, after fetching and unpacking; no package manager's records are touched. */
function unpack(name: string, into: string): string {
  mkdirSync(into)
  const run = (program: string, args: readonly string[]): void => void execFileSync(program, args, { cwd: into, stdio: 'pipe' })
  const own = ['-o', `Dir::State::Lists=${into}/lists`, '-o', `Dir::Cache=${into}/cache`, '-o', 'APT::Sandbox::User=']
  try {
    run('apt-get', ['download', name])
  } catch {
    // A machine that has never fetched the lists of packages, as most images of containers: into a folder of our own.
    for (const path of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(into, path), { recursive: true })
    run('apt-get', [...own, 'update'])
    run('apt-get', [...own, 'download', name])
  }
  const file = readdirSync(into).find((entry) => entry.endsWith('.deb'))
  if (file === undefined) throw new Error('apt-get download brought nothing')
  run('dpkg', ['-x', file, 'unpacked'])
  return join(into, 'unpacked/usr/sbin/nginx')
}
