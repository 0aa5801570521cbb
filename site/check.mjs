// Holds the built site against itself: every link of every page leads to a file and to an anchor that are there, nothing is loaded from
// elsewhere, and nothing is absolute, so that it works wherever it is put.
//   node site/check.mjs [DIRECTORY]
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { posix, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Parser } from 'htmlparser2'

/** @returns {{ passed: number, faults: string[] }}  what was looked at, pages and links, and what is wrong of it */
export function check(directory) {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.html') && !file.startsWith('pagefind/'))
  const pages = new Map(files.map((file) => [file, read(directory, file)]))
  const faults = []
  let passed = 0
  const count = (fault) => (fault === null ? passed++ : faults.push(fault))
  if (files.length === 0) faults.push(`${directory}: no pages`)
  for (const [file, { links, twice }] of pages) {
    count(twice.length > 0 ? `${file}: the id ${twice.join(', ')} stands there twice` : null)
    for (const link of links) {
      const why = wrong(directory, pages, file, link)
      count(why === null ? null : `${file}: ${link.url}: ${why}`)
    }
  }
  return { passed, faults }
}

function wrong(directory, pages, file, { url, loaded, inline = false }) {
  if (inline) return 'is an inline style, which a Content-Security-Policy may forbid'
  if (/^https?:/.test(url)) return loaded ? 'is loaded from elsewhere' : null
  if (/^mailto:/.test(url)) return null
  if (/^[a-z][a-z+.-]*:|^\//i.test(url)) return 'works at one place only'
  const [path, anchor] = url.split('#')
  const target = path === '' ? file : posix.join(posix.dirname(file), decodeURIComponent(path))
  const full = posix.join(directory, target)
  if (target.startsWith('..') || !existsSync(full) || !statSync(full).isFile()) return 'leads to no file'
  if (anchor === undefined || anchor === '') return null
  return pages.get(target)?.ids.has(decodeURIComponent(anchor)) ? null : 'leads to no anchor'
}

function read(directory, file) {
  const ids = new Set()
  const twice = []
  const links = []
  const parser = new Parser({
    onopentag(name, { id, href, src, style }) {
      if (id !== undefined) ids.has(id) ? twice.push(id) : ids.add(id)
      const loaded = name !== 'a'
      for (const url of [href, src]) if (url !== undefined) links.push({ url, loaded })
      if (style !== undefined) links.push({ url: `style=${style}`, loaded, inline: true })
    },
  })
  parser.end(readFileSync(posix.join(directory, file), 'utf8'))
  return { ids, twice, links }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { passed, faults } = check(resolve(process.argv[2] ?? fileURLToPath(new URL('dist', import.meta.url))))
  for (const fault of faults) console.error(fault)
  console.log(`${passed} passed, ${faults.length} failed`)
  process.exitCode = faults.length === 0 ? 0 : 1
}
