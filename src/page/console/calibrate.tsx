// How long people take from the mail to the click: what `postkey calibrate` says, drawn.
import type { Distribution, Measured, MeasuredPart } from '../../core/calibrate.ts'
import { adviceWords, limits, percent } from '../../core/calibrate-words.ts'
import type { Ms } from '../../core/model.ts'
import { paths } from '../../core/paths.ts'
import { span, spanExactly } from '../../core/span.ts'
import { fill, words } from '../fill.tsx'
import type { Frame } from '../view.ts'
import { Figure, Strips, Within } from './chart.tsx'
import { Choice, deskPage, When } from './desk.tsx'
import { type CalibrateView, calibrateWindows, type Desk, type MeasuredView } from './view.ts'

export function calibratePage(frame: Frame, desk: Desk, { window, read }: CalibrateView): string {
  const w = words(frame).console.calibrate
  return deskPage(frame, desk, {
    title: w.heading,
    children: (
      <>
        <h1>{w.heading}</h1>
        <p class="lead">{w.lead}</p>
        <Choice
          words={w.window}
          options={calibrateWindows.map((name) => ({
            name: w.windows[name],
            to: `${frame.basePath}${paths.consoleCalibrate}?of=${name}`,
            chosen: name === window,
          }))}
        />
        {'looked' in read ? <p class="hint">{w.underWay(read.looked)}</p> : <Read frame={frame} read={read} />}
      </>
    ),
  })
}

function Read({ frame, read }: { frame: Frame; read: MeasuredView }) {
  const w = words(frame).console.calibrate
  const { challenges, since, at, cut, parts, unanswered } = read
  const { links, codes } = parts[0].measured
  const { linkTtl, codeTtl } = frame.policy
  const used = links.sinceQueued.count + codes.sinceQueued.count > 0
  return (
    <>
      <p class="hint">
        {fill((cut ? w.cut : w.read)(challenges), { when: <When frame={frame} at={since} />, at: <When frame={frame} at={at} /> })}{' '}
        {unanswered > 0 && w.silent(unanswered)}
      </p>
      <Advised frame={frame} read={read} />
      {!used && <p class="hint">{w.nothing}</p>}
      {used && (
        <>
          <section aria-labelledby="clicks">
            <h2 id="clicks">{w.clicks}</h2>
            {links.sinceQueued.count === 0 ? (
              <p class="hint">{w.none}</p>
            ) : (
              <>
                <Clicks frame={frame} read={read} />
                <ByMailbox frame={frame} parts={parts} of={(measured) => measured.links} end={linkTtl} />
                <p class="hint">{w.linkEnds(linkTtl)}</p>
              </>
            )}
          </section>
          <section aria-labelledby="codes">
            <h2 id="codes">{w.codes}</h2>
            {codes.sinceQueued.count === 0 ? (
              <p class="hint">{w.none}</p>
            ) : (
              <>
                <ByMailbox frame={frame} parts={parts} of={(measured) => measured.codes} end={codeTtl} />
                <p class="hint">{w.codeEnds(codeTtl)}</p>
              </>
            )}
          </section>
          {links.sinceQueued.count > 0 && <Lives frame={frame} parts={parts} />}
        </>
      )}
      <section aria-labelledby="limits">
        <h2 id="limits">{w.limits}</h2>
        <ul>
          {limits.map((limit) => (
            <li>{limit}</li>
          ))}
        </ul>
      </section>
    </>
  )
}

function Advised({ frame, read }: { frame: Frame; read: MeasuredView }) {
  const w = words(frame).console.calibrate
  const { said, policy } = adviceWords(read.advice, frame.policy.linkTtl)
  return (
    <section aria-labelledby="advice">
      <h2 id="advice">{w.advice}</h2>
      <p>{said}</p>
      {policy !== null && (
        <>
          <p class="hint">{w.change}</p>
          <pre id="policy-change">{policy}</pre>
          <p>
            <button type="button" class="plain small" data-copy="#policy-change" data-copied={words(frame).frame.copied} hidden>
              {w.copy}
            </button>
          </p>
        </>
      )}
    </section>
  )
}

function Clicks({ frame, read }: { frame: Frame; read: MeasuredView }) {
  const w = words(frame).console.calibrate
  const { p50, p90 } = read.parts[0].measured.links.sinceQueued
  return (
    <figure>
      <figcaption>{w.clicksCaption}</figcaption>
      <Within label={w.clicksChart(time(p50), time(p90))} seconds={read.clicks} end={frame.policy.linkTtl / 1_000} />
    </figure>
  )
}

type Times = Measured['links']

interface Mailboxes {
  readonly frame: Frame
  readonly parts: readonly MeasuredPart[]
  readonly of: (measured: Measured) => Times
  readonly end: Ms
}

function ByMailbox({ frame, parts, of, end }: Mailboxes) {
  const w = words(frame).console.calibrate
  const present = parts.filter(({ measured }) => of(measured).sinceQueued.count > 0)
  const strips = present.map(({ name, measured }) => {
    const { p50, p90, p99 } = of(measured).sinceQueued
    const within = [p50, p90, p99].map((at) => (at ?? 0) / 1_000) as [number, number, number]
    return { label: words(frame).console.mailbox(name), note: w.half(time(p50)), within, said: w.strip(time(p50), time(p90), time(p99)) }
  })
  const said = strips.map(({ label, said: text }) => `${label} ${text}`).join('; ')
  return (
    <Figure
      caption={w.byMailbox}
      chart={<Strips label={w.stripsChart(said)} strips={strips} end={end / 1_000} />}
      summary={words(frame).console.overview.asTable}
    >
      <Distributions frame={frame} caption={w.sinceQueued} parts={present} of={(measured) => of(measured).sinceQueued} />
      <Distributions frame={frame} caption={w.sinceAccepted} parts={present} of={(measured) => of(measured).sinceAccepted} />
    </Figure>
  )
}

const time = (ms: Ms | null): string => (ms === null ? '–' : span(ms))

interface Told {
  readonly frame: Frame
  readonly caption: string
  readonly parts: readonly MeasuredPart[]
  readonly of: (measured: Measured) => Distribution
}

function Distributions({ frame, caption, parts, of }: Told) {
  const { number } = words(frame).console
  return (
    <Table
      frame={frame}
      caption={caption}
      heads={['50 %', '90 %', '95 %', '99 %']}
      rows={parts.map(({ name, measured }) => {
        const { count, p50, p90, p95, p99 } = of(measured)
        return { name, note: number(count), cells: [p50, p90, p95, p99].map(spanExactly) }
      })}
    />
  )
}

function Lives({ frame, parts }: { frame: Frame; parts: MeasuredView['parts'] }) {
  const w = words(frame).console.calibrate
  const { human, expired, rate } = parts[0].measured.landings
  return (
    <section aria-labelledby="lives">
      <h2 id="lives">{w.lives}</h2>
      <p>{rate === null ? w.landingsNone : w.landings(expired, human, percent(rate))}</p>
      <Table
        frame={frame}
        caption={w.livesCaption}
        heads={['90 %', '95 %', '99 %', w.expired]}
        rows={parts
          .filter(({ measured }) => measured.links.sinceQueued.count > 0)
          .map(({ name, measured: { lives, landings } }) => ({
            name,
            note: null,
            cells: [...[lives.p90, lives.p95, lives.p99].map(spanExactly), landings.rate === null ? '–' : percent(landings.rate)],
          }))}
      />
    </section>
  )
}

interface Rows {
  readonly frame: Frame
  readonly caption: string
  readonly heads: readonly string[]
  readonly rows: readonly { readonly name: MeasuredPart['name']; readonly note: string | null; readonly cells: readonly string[] }[]
}

function Table({ frame, caption, heads, rows }: Rows) {
  const w = words(frame).console
  return (
    <table class="dense">
      <caption>{caption}</caption>
      <thead>
        <tr>
          <th scope="col">{w.calibrate.mailbox}</th>
          {heads.map((head) => (
            <th scope="col" class="number">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ name, note, cells }) => (
          <tr>
            <th scope="row">
              {w.mailbox(name)}
              {note !== null && <span class="hint aside"> {note}</span>}
            </th>
            {cells.map((cell) => (
              <td class="number">{cell}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
