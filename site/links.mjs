// Where a link of a document leads on the site: to a page, to a file that is published with it, or nowhere, since no address of the
// repository is known. Everything is relative, so that the site works wherever it is put.
import { posix } from 'node:path'
import { atTheRoot } from './navigation.mjs'

/** Files of docs/ that are published as they are. */
export const published = ['docs/openapi.json']

/** The file of a page, from the root of the repository. */
export const fileOf = (page) => atTheRoot[page] ?? `docs/${page}.md`

const pageOf = (file) => Object.keys(atTheRoot).find((page) => atTheRoot[page] === file) ?? /^docs\/(.+)\.md$/.exec(file)?.[1] ?? null

/** From one page to a file of the site. */
export const between = (page, target) => posix.relative(posix.dirname(page), target)

/**
 * @param {string} page  where the link stands
 * @returns {{ href: string } | { file: string }}  `file`: of the repository, from its root
 */
export function resolveLink(page, link) {
  if (/^[a-z][a-z+.-]*:/i.test(link) || link.startsWith('#')) return { href: link }
  const [path, anchor] = link.split('#')
  const file = posix.join(posix.dirname(fileOf(page)), path)
  const hash = anchor === undefined ? '' : `#${anchor}`
  const target = pageOf(file)
  if (target !== null) return { href: `${between(page, `${target}.html`)}${hash}` }
  if (published.includes(file)) return { href: between(page, posix.basename(file)) }
  return { file: file.replace(/\/$/, '') }
}
