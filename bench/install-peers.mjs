// The peers are no dependency of Postkey: they live in a folder of their own, with their own lock file, and are installed when a
// benchmark first wants them.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = new URL('peers/', import.meta.url)

/** @returns their versions by package. @throws when they cannot be installed. */
export function installPeers(say) {
  const wanted = read('package.json').dependencies
  if (!isInstalled(wanted)) {
    say('installing the peers: npm ci in bench/peers')
    const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: fileURLToPath(folder),
      stdio: ['ignore', 'ignore', 'inherit'],
      shell: process.platform === 'win32',
    })
    if (status !== 0 || !isInstalled(wanted))
      throw new Error('the peers could not be installed — `npm run bench -- --no-peers` leaves them out')
  }
  return wanted
}

/** npm writes this list last, so an installation that was cut short has none. */
function isInstalled(wanted) {
  const list = 'node_modules/.package-lock.json'
  if (!existsSync(new URL(list, folder))) return false
  const { packages } = read(list)
  return Object.entries(wanted).every(([name, version]) => packages[`node_modules/${name}`]?.version === version)
}

function read(file) {
  return JSON.parse(readFileSync(new URL(file, folder), 'utf8'))
}
