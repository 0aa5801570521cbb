// How a document becomes HTML: anchors as on GitHub, links by links.mjs, code in colours that the stylesheet decides, and tables that
// can be scrolled and whose rows can be pointed at.
import anchor from 'markdown-it-anchor'
import { createCssVariablesTheme, createHighlighter } from 'shiki'
import { resolveLink } from './links.mjs'

const LANGUAGES = {
  sh: 'shellscript',
  ts: 'typescript',
  tsx: 'tsx',
  js: 'javascript',
  json: 'json',
  html: 'html',
  sql: 'sql',
  ini: 'ini',
  nginx: 'nginx',
  ruby: 'ruby',
  dockerfile: 'dockerfile',
}
const theme = createCssVariablesTheme({ name: 'quiet', variablePrefix: '--', variableDefaults: {}, fontStyle: false })
const highlighter = await createHighlighter({ themes: [theme], langs: Object.values(LANGUAGES) })

/** Classes in place of style attributes, so that a Content-Security-Policy need not allow those. */
const classes = {
  pre: (node) => {
    node.properties = { class: 'code', tabindex: '0' }
  },
  span: (node) => {
    const token = /var\(--token-([a-z-]+)\)/.exec(String(node.properties.style ?? ''))?.[1]
    node.properties = token === undefined ? {} : { class: token }
  },
  line: (node) => {
    node.properties = {}
  },
}

/** GitHub's anchors; test/docs.test.ts counts on the same. */
export const slugify = (text) =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')

export function configure(markdown) {
  markdown.set({ html: true, typographer: false })
  markdown.use(anchor, { slugify, tabIndex: false, permalink: anchor.permalink.headerLink({ safariReaderFix: true, class: 'heading' }) })
  markdown.options.highlight = (code, info) => {
    const lang = LANGUAGES[info.split(' ')[0]]
    if (lang === undefined) return `<pre class="code" tabindex="0"><code>${markdown.utils.escapeHtml(code)}</code></pre>`
    return highlighter.codeToHtml(code.trimEnd(), { lang, theme: 'quiet', transformers: [classes] })
  }
  markdown.core.ruler.push('links', ({ tokens, env }) => {
    for (const { children } of tokens) if (children !== null) followed(children, env.at)
  })
  markdown.core.ruler.push('rows', nameRows)
  markdown.core.ruler.push('sides', ({ tokens }) => {
    for (const token of tokens) if (/^t[hd]_open$/.test(token.type) && token.attrGet('style') !== null) token.attrs = [['class', 'number']]
  })
  markdown.renderer.rules.table_open = () => '<div class="table" tabindex="0" role="group" aria-label="Table"><table>\n'
  markdown.renderer.rules.table_close = () => '</table></div>\n'
}

/** Links of one paragraph; one that leads into the repository becomes its text, and the path of the file. */
function followed(tokens, page) {
  let opened = null
  let file = ''
  let text = ''
  for (const token of tokens) {
    if (token.type === 'link_open') {
      const target = resolveLink(page, token.attrGet('href'))
      if ('href' in target) token.attrSet('href', target.href)
      else {
        file = target.file
        text = ''
        opened = Object.assign(token, { type: 'html_inline', attrs: null })
      }
    } else if (token.type === 'link_close' && opened !== null) {
      // Where the text is the path, or its end, it is not said twice.
      const said = file.endsWith(text.replace(/^(\.\.\/)+/, ''))
      opened.content = said ? '<code>' : '<span class="source">'
      Object.assign(token, { type: 'html_inline', content: said ? '</code>' : ` <code>${file}</code></span>` })
      opened = null
    } else text += token.content
  }
}

/** A row that begins with a name in code, as a setting or a reason does, can be pointed at by that name. */
function nameRows({ tokens, env }) {
  env.names ??= new Set()
  tokens.forEach((token, at) => {
    const first = tokens[at + 2]?.children
    if (token.type !== 'tr_open' || first?.length !== 1 || first[0].type !== 'code_inline') return
    const name = first[0].content
    if (!/^[\w.-]+$/.test(name) || env.names.has(name)) return
    env.names.add(name)
    token.attrSet('id', name)
    // Whoever searches for a setting or a reason wants this row first.
    tokens[at + 1].attrSet('data-pagefind-weight', '8')
  })
}
