// Packages that few need, and that Postkey does not bring: whoever needs one installs it.
import { createRequire } from 'node:module'
import { join } from 'node:path'

/** Looked for where the command was given, then beside Postkey. null: it is in neither place. */
export function findPeer<T>(name: string, folder: string): T | null {
  for (const place of [join(folder, 'package.json'), import.meta.url]) {
    const require = createRequire(place)
    try {
      require.resolve(name)
    } catch {
      continue
    }
    return require(name) as T
  }
  return null
}
