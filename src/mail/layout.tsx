// The HTML of a sign-in mail: one column of tables with inline styles, for readers from Outlook's Word engine to Apple Mail.
// Laid out once per shape with named slots, then filled by joining strings: a value is never looked at again, so it cannot
// open a slot, and every value is escaped.
import type { Child, FC } from 'hono/jsx'

/** Everything that differs from mail to mail: finished sentences, not fragments. */
export type Slot =
  | 'preheader'
  | 'brand'
  | 'title'
  | 'code'
  | 'codeWhere'
  | 'codeLife'
  | 'codeOff'
  | 'notice'
  | 'or'
  | 'href'
  | 'button'
  | 'opens'
  | 'linkLife'
  | 'asked'
  | 'notYou'
  | 'notYouAction'
  | 'notMe'
  | 'notMeHref'
  | 'never'
  | 'sentBy'
  | 'sentTo'
  | 'help'

export interface Shape {
  readonly lang: string
  readonly dir: 'ltr' | 'rtl'
  /** What parts two sentences. */
  readonly gap: string
  readonly accent: { readonly light: string; readonly dark: string }
  readonly code: boolean
  readonly link: boolean
  readonly codeOff: boolean
  /** It tells of something: that stands first. */
  readonly notice: boolean
  /** Its reader can say that they did not ask for it. */
  readonly notMe: boolean
}

export type Fill = (values: Readonly<Record<Slot, string>>) => string

// No colour holds six digits in a row: some readers look for the code in the source.
// The pages' colours (page/postkey.css).
const paper = { light: '#faf8f3', dark: '#14181a' }
const sheet = { light: '#ffffff', dark: '#1c2225' }
const ink = { light: '#1d2327', dark: '#e9e6dd' }
const muted = { light: '#59625f', dark: '#a4aaa5' }
const well = { light: '#f4f1e9', dark: '#252c30' }
const rule = { light: '#ddd8cb', dark: '#323a3d' }

const SERIF = "'Iowan Old Style','Palatino Linotype','URW Palladio L',P052,Palatino,'Book Antiqua',Georgia,serif"
const SANS = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
const MONO = "ui-monospace,SFMono-Regular,'SF Mono',Menlo,Consolas,'Liberation Mono',monospace"

// Private-use characters: no escaping touches them and no text of ours has them.
const mark = (slot: Slot): string => `\uE000${slot}\uE001`

/** The slots of a laid-out mail are found here once; filling is a walk along the pieces. */
export function compile(shape: Shape): Fill {
  const pieces = `<!doctype html>${<SignInHtml shape={shape} />}`.split(/\uE000(\w+)\uE001/)
  return (values) => {
    let html = pieces[0] as string
    for (let at = 1; at < pieces.length; at += 2) html += escapeHtml(values[pieces[at] as Slot]) + (pieces[at + 1] as string)
    return html
  }
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

export function escapeHtml(value: string): string {
  return /[&<>"']/.test(value) ? value.replace(/[&<>"']/g, (character) => ENTITIES[character] as string) : value
}

const SignInHtml: FC<{ shape: Shape }> = ({ shape }) => (
  <html lang={shape.lang} dir={shape.dir} xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <meta name="supported-color-schemes" content="light dark" />
      <meta name="format-detection" content="telephone=no, date=no, address=no, email=no, url=no" />
      <meta name="x-apple-disable-message-reformatting" />
      <title>{mark('title')}</title>
      <style dangerouslySetInnerHTML={{ __html: styles(shape) }} />
    </head>
    <body class="paper" style={`margin:0;padding:0;width:100%;background-color:${paper.light};-webkit-text-size-adjust:100%`}>
      <Preheader />
      <Table width="100%" class="paper" style={`background-color:${paper.light}`}>
        <td align="center" class="outer" style="padding:40px 16px 48px">
          <Table
            width="600"
            class="sheet"
            style={`width:100%;max-width:600px;background-color:${sheet.light};border:1px solid ${rule.light};border-radius:16px`}
          >
            <td class="inner" style={`padding:40px 48px 36px;font-family:${SANS};text-align:${shape.dir === 'rtl' ? 'right' : 'left'}`}>
              <p class="muted" style={text(muted.light, 15, 20, 'margin:0 0 28px;font-weight:600')}>
                <bdi>{mark('brand')}</bdi>
              </p>
              <h1
                class="ink"
                style={text(
                  ink.light,
                  30,
                  36,
                  `margin:0;font-weight:400;font-family:${SERIF};letter-spacing:${shape.dir === 'rtl' ? 'normal' : '-0.01em'}`,
                )}
              >
                {mark('title')}
              </h1>
              {shape.notice && <Line slot="asked" top={16} />}
              {shape.notice && <Line slot="notice" top={12} />}
              {shape.code && <CodeBlock />}
              {shape.codeOff && <Line slot="codeOff" top={16} />}
              {shape.code && shape.link && <Line slot="or" top={24} />}
              {shape.link && <LinkBlock shape={shape} />}
              <Table width="100%" style="margin-top:32px">
                <td class="rule" height="1" style={`height:1px;font-size:1px;line-height:1px;border-top:1px solid ${rule.light}`}>
                  &nbsp;
                </td>
              </Table>
              {!shape.notice && <Line slot="asked" top={24} />}
              <p class="ink" style={text(ink.light, 15, 22, 'margin:12px 0 0')}>
                <strong style="font-weight:600">{mark('notYou')}</strong>
                {shape.gap}
                {mark('notYouAction')}
                {shape.gap}
                <strong style="font-weight:600">{mark('never')}</strong>
              </p>
              {shape.notMe && (
                <p class="muted" style={text(muted.light, 15, 22, 'margin:12px 0 0')}>
                  <a class="muted" href={mark('notMeHref')} style={`color:${muted.light};text-decoration:underline`}>
                    {mark('notMe')}
                  </a>
                </p>
              )}
            </td>
          </Table>
          <Table width="600" style="width:100%;max-width:600px">
            <td
              class="foot muted"
              style={`padding:20px 48px 0;${text(muted.light, 13, 20)};text-align:${shape.dir === 'rtl' ? 'right' : 'left'}`}
            >
              {mark('sentBy')}
              {shape.gap}
              {mark('sentTo')}
              <br />
              {mark('help')}
            </td>
          </Table>
        </td>
      </Table>
    </body>
  </html>
)

/** What the list of mails shows after the subject; the filler keeps the body's text out of it. */
const Preheader: FC = () => (
  <div style="display:none;max-height:0;overflow:hidden;mso-hide:all;font-size:1px;line-height:1px;opacity:0">
    {mark('preheader')}
    <span dangerouslySetInnerHTML={{ __html: '&zwnj;&nbsp;'.repeat(80) }} />
  </div>
)

/** The code is one text node, spaced by style alone: it is copied and auto-filled whole. */
const CodeBlock: FC = () => (
  <>
    <Line slot="codeWhere" top={8} />
    <Table width="100%" style="margin-top:20px">
      <td class="well" align="center" style={`padding:22px 12px;background-color:${well.light};border-radius:12px`}>
        <div
          dir="ltr"
          class="code ink"
          style={`font-family:${MONO};font-size:32px;line-height:40px;font-weight:600;letter-spacing:0.22em;margin-right:-0.22em;color:${ink.light}`}
        >
          {mark('code')}
        </div>
      </td>
    </Table>
    <Line slot="codeLife" top={12} />
  </>
)

/** The button carries words; where it leads is said below as a bare host, which no reader compares with the address. */
const LinkBlock: FC<{ shape: Shape }> = ({ shape }) => (
  <>
    <Table width="100%" style={`margin-top:${shape.code ? 16 : 24}px`}>
      <td align="center" dangerouslySetInnerHTML={{ __html: outlookButton(shape) + anchorButton(shape) }} />
    </Table>
    <p class="muted" style={text(muted.light, 15, 22, 'margin:12px 0 0')}>
      {mark('opens')}
      {shape.gap}
      {mark('linkLife')}
    </p>
  </>
)

/** Word draws neither padding nor round corners on a link, but it draws VML. */
const outlookButton = (shape: Shape): string =>
  `<!--[if mso]><v:roundrect xmlns:v="urn:schemas-microsoft-com:vml" xmlns:w="urn:schemas-microsoft-com:office:word" href="${mark('href')}" style="height:50px;v-text-anchor:middle;width:500px" arcsize="24%" stroke="f" fillcolor="${shape.accent.light}"><w:anchorlock/><center style="color:#ffffff;font-family:Arial,sans-serif;font-size:16px;font-weight:bold">${mark('button')}</center></v:roundrect><![endif]-->`

const anchorButton = (shape: Shape): string =>
  `<!--[if !mso]><!-->${(
    <a
      class="button"
      href={mark('href')}
      style={`display:block;padding:13px 20px;border-radius:12px;background-color:${shape.accent.light};font-family:${SANS};font-size:16px;line-height:24px;font-weight:600;color:#ffffff;text-decoration:none;text-align:center`}
    >
      {mark('button')}
    </a>
  )}<!--<![endif]-->`

const Line: FC<{ slot: Slot; top: number }> = ({ slot, top }) => (
  <p class="muted" style={text(muted.light, 15, 22, `margin:${top}px 0 0${slot === 'or' ? ';text-align:center' : ''}`)}>
    {mark(slot)}
  </p>
)

const Table: FC<{ width: string; class?: string; style?: string; children?: Child }> = ({ width, children, ...rest }) => (
  <table role="presentation" border={0} cellpadding="0" cellspacing="0" width={width} {...rest}>
    <tr>{children}</tr>
  </table>
)

const text = (color: string, size: number, line: number, more = ''): string =>
  `font-family:${SANS};font-size:${size}px;line-height:${line}px;color:${color}${more === '' ? '' : `;${more}`}`

/** Dark twice: for readers that know the media query, and for Outlook's apps, which rewrite colours and mark what they did. */
function styles(shape: Shape): string {
  const dark: readonly (readonly [string, string])[] = [
    ['.paper', `background-color:${paper.dark}`],
    ['.sheet', `background-color:${sheet.dark};border-color:${rule.dark}`],
    ['.well', `background-color:${well.dark}`],
    ['.rule', `border-color:${rule.dark}`],
    ['.ink', `color:${ink.dark}`],
    ['.muted', `color:${muted.dark}`],
    ['.button', `background-color:${shape.accent.dark};color:${sheet.dark}`],
  ]
  const important = (style: string): string => `${style.replaceAll(';', '!important;')}!important`
  const rules = (prefix: string): string => dark.map(([selector, style]) => `${prefix}${selector}{${important(style)}}`).join('')
  return [
    ':root{color-scheme:light dark;supported-color-schemes:light dark}',
    `@media (prefers-color-scheme:dark){${rules('')}}`,
    rules('[data-ogsc] '),
    '@media (max-width:480px){.outer{padding:16px 8px 32px!important}.inner{padding:28px 24px!important}.foot{padding:16px 24px 0!important}}',
  ].join('')
}
