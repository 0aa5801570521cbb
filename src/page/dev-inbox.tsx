// The mails of `postkey dev`. The HTML of a mail is shown in a sandboxed frame from an address of its own, because this page's
// content security policy would take away the mail's inline styles.
import { paths } from '../core/paths.ts'
import { askPath } from './ask.tsx'
import { Address, safeHref, Time, words } from './fill.tsx'
import { layout } from './layout.tsx'
import type { DevInboxView, DevMail, Frame } from './view.ts'

export function devInboxPage(frame: Frame, view: DevInboxView): string {
  const w = words(frame).devInbox
  return layout(frame, {
    title: view.open?.subject ?? w.title,
    wide: true,
    children: view.open === undefined ? <MailList frame={frame} mails={view.mails} /> : <OpenMail frame={frame} mail={view.open} />,
  })
}

/** Where one mail is; its HTML alone is at `/html` below that. */
export function devMailPath(frame: Frame, id: string): string {
  return `${frame.basePath}${paths.devInbox}/${encodeURIComponent(id)}`
}

function MailList({ frame, mails }: { frame: Frame; mails: readonly DevMail[] }) {
  const w = words(frame).devInbox
  return (
    <div data-refresh="">
      <h1>{w.heading}</h1>
      <p class="lead">{mails.length === 0 ? w.empty : w.intro}</p>
      <ul class="rows">
        {mails.map((mail) => (
          <li>
            <div>
              <p>
                <a href={devMailPath(frame, mail.id)}>{mail.subject}</a>
              </p>
              <p class="hint">
                {w.to} <Address>{mail.to}</Address> · <Time frame={frame} at={Date.parse(mail.receivedAt)} />
              </p>
            </div>
            {mail.code !== null && <CopyCode frame={frame} mail={mail} />}
          </li>
        ))}
      </ul>
      <p>
        <a href={askPath(frame, null)}>{w.signIn}</a>
      </p>
    </div>
  )
}

function OpenMail({ frame, mail }: { frame: Frame; mail: DevMail }) {
  const w = words(frame).devInbox
  return (
    <>
      <p>
        <a href={`${frame.basePath}${paths.devInbox}`}>{w.back}</a>
      </p>
      <h1>{mail.subject}</h1>
      <p class="hint">
        {w.to} <Address>{mail.to}</Address> · <Time frame={frame} at={Date.parse(mail.receivedAt)} />
      </p>
      <div class="actions">
        {mail.link !== null && (
          <a class="button" href={safeHref(mail.link, '#')}>
            {w.openLink}
          </a>
        )}
        {mail.code !== null && <CopyCode frame={frame} mail={mail} />}
      </div>
      <h2>{w.html}</h2>
      <iframe
        class="mail"
        sandbox="allow-popups allow-popups-to-escape-sandbox"
        src={`${devMailPath(frame, mail.id)}/html`}
        title={w.html}
      ></iframe>
      <h2>{w.text}</h2>
      <pre>{mail.text}</pre>
      <h2>{w.headers}</h2>
      <dl class="facts">
        {Object.entries(mail.headers).map(([name, value]) => (
          <div>
            <dt>{name}</dt>
            <dd>
              <bdi dir="ltr">{value}</bdi>
            </dd>
          </div>
        ))}
      </dl>
    </>
  )
}

function CopyCode({ frame, mail }: { frame: Frame; mail: DevMail }) {
  const w = words(frame)
  const id = `code-${mail.id.replace(/[^\w-]/g, '')}`
  return (
    <p class="code-copy">
      <code id={id} dir="ltr">
        {mail.code}
      </code>
      <button type="button" class="plain small" data-copy={`#${id}`} data-copied={w.frame.copied} hidden>
        {w.devInbox.copyCode}
      </button>
    </p>
  )
}
