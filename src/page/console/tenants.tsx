// The tenants of the installation: all of them with a form for a new one, and one of them with what was said of it, what it has otherwise
// than others, and what an operator of the installation can do. What stands in the way of a change is told as the commands tell it.
import { paths } from '../../core/paths.ts'
import { type ReasonCode, reasons } from '../../core/reason.ts'
import type { TenantStatus } from '../../core/tenant.ts'
import { Hidden, Post } from '../fields.tsx'
import { Address, fill, words } from '../fill.tsx'
import type { Frame } from '../view.ts'
import { bounded, deskPage, type Fact, Facts, When } from './desk.tsx'
import { Changes } from './policy.tsx'
import type { Desk, SeenTenant, TenantPageView, TenantsView } from './view.ts'

export function tenantsPage(frame: Frame, desk: Desk, view: TenantsView): string {
  const w = words(frame).console.tenants
  const { tenants, said, typed, problems = [] } = view
  return deskPage(frame, desk, {
    title: w.heading,
    error: problems.length > 0,
    url: said === undefined && problems.length === 0 ? undefined : `${frame.basePath}${paths.consoleTenants}`,
    children: (
      <>
        <Problems frame={frame} problems={problems} />
        <h1>{w.heading}</h1>
        <Said said={said} />
        <p class="lead">{w.lead}</p>
        {tenants.length === 0 ? (
          <p class="hint">{w.none}</p>
        ) : (
          <ul class="rows">
            {tenants.map((tenant) => (
              <Row frame={frame} tenant={tenant} />
            ))}
          </ul>
        )}
        <section aria-labelledby="add">
          <h2 id="add">{w.add}</h2>
          <Post frame={frame} to={paths.consoleTenants}>
            <div class="field">
              <label for="tenant">{w.id}</label>
              <PlainInput id="tenant" value={typed?.tenant} hint="tenant-hint" />
              <p id="tenant-hint" class="hint">
                {w.addHint}
              </p>
            </div>
            <Settings frame={frame} value={typed?.settings ?? NEW} wrong={problems.length > 0} />
            <button type="submit">{w.addSubmit}</button>
          </Post>
        </section>
      </>
    ),
  })
}

/** To begin with. */
const NEW = JSON.stringify({ name: 'Acme', hosts: ['auth.acme.example'], policy: 'standard', operators: [] }, null, 2)

export function tenantPath(tenant: string): string {
  return `${paths.consoleTenants}/${encodeURIComponent(tenant)}`
}

function Row({ frame, tenant: { tenant, name, status, at } }: { frame: Frame; tenant: SeenTenant }) {
  return (
    <li>
      <div>
        <p>
          <a href={`${frame.basePath}${tenantPath(tenant)}`}>
            <bdi>{name || tenant}</bdi>
          </a>{' '}
          <State frame={frame} status={status} />
        </p>
        <p class="hint">
          <code>{tenant}</code> · <bdi dir="ltr">{at.join(' · ')}</bdi>
        </p>
      </div>
    </li>
  )
}

function State({ frame, status }: { frame: Frame; status: TenantStatus }) {
  return <span class={status === 'active' ? 'tag' : 'tag stop'}>{words(frame).console.tenants.states[status]}</span>
}

function Said({ said }: { said: ReasonCode | undefined }) {
  return (
    <p class="notice" role="status">
      {said === undefined ? '' : reasons[said].meaning}
    </p>
  )
}

/** Each with its remedy, above the heading and the focus on it, as the summary of any page that says no. */
function Problems({ frame, problems, again }: { frame: Frame; problems: readonly string[]; again?: string | undefined }) {
  const w = words(frame)
  if (problems.length === 0) return null
  return (
    <div class="summary" role="alert" tabindex={-1} data-summary="">
      <h2>{w.frame.problem}</h2>
      <ul id="problems">
        {problems.map((problem) => (
          <li>{problem}</li>
        ))}
      </ul>
      {again !== undefined && (
        <p>
          <a href={again}>{w.console.tenants.again}</a>
        </p>
      )}
    </div>
  )
}

function PlainInput({ id, value, hint }: { id: string; value?: string | undefined; hint?: string }) {
  return (
    <input
      id={id}
      name={id}
      type="text"
      autocomplete="off"
      autocapitalize="off"
      autocorrect="off"
      spellcheck={false}
      dir="ltr"
      required
      value={value}
      aria-describedby={hint}
    />
  )
}

function Settings({ frame, value, wrong }: { frame: Frame; value: string; wrong: boolean }) {
  const w = words(frame).console.tenants
  return (
    <div class="field">
      <label for="settings">{w.field}</label>
      <textarea
        id="settings"
        name="settings"
        rows={Math.min(24, Math.max(6, value.split('\n').length + 1))}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        dir="ltr"
        required
        aria-invalid={wrong ? 'true' : undefined}
        aria-describedby={wrong ? 'settings-hint problems' : 'settings-hint'}
      >
        {value}
      </textarea>
      <p id="settings-hint" class="hint">
        {w.settingsHint}
      </p>
    </div>
  )
}

interface Props {
  readonly frame: Frame
  readonly view: TenantPageView
}

export function tenantPage(frame: Frame, desk: Desk, view: TenantPageView): string {
  const w = words(frame).console.tenants
  const { tenant, said, problems = [] } = view
  const here = `${frame.basePath}${tenantPath(tenant.tenant)}`
  return deskPage(frame, desk, {
    title: tenant.name || tenant.tenant,
    error: problems.length > 0,
    url: said === undefined && problems.length === 0 ? undefined : here,
    children: (
      <>
        <Problems frame={frame} problems={problems} again={view.wrong === 'set' ? here : undefined} />
        <h1>
          <bdi>{tenant.name || tenant.tenant}</bdi>
        </h1>
        <Said said={said} />
        <p class="tags">
          <State frame={frame} status={tenant.status} />
        </p>
        {view.unreadable.length > 0 && (
          <>
            <p>{w.unreadable}</p>
            <ul>
              {view.unreadable.map((problem) => (
                <li>{problem}</li>
              ))}
            </ul>
          </>
        )}
        <What frame={frame} view={view} />
        <Rules frame={frame} view={view} />
        <section aria-labelledby="settings-of">
          <h2 id="settings-of">{w.settings}</h2>
          {view.settings === null ? (
            <p class="hint">{w.settingsLong}</p>
          ) : (
            <Post frame={frame} to={tenantPath(tenant.tenant)}>
              <Hidden name="act" value="set" />
              <Hidden name="version" value={String(view.version)} />
              <Settings frame={frame} value={view.settings} wrong={view.wrong === 'set'} />
              <button type="submit">{w.submit}</button>
            </Post>
          )}
        </section>
        <Acts frame={frame} view={view} />
      </>
    ),
  })
}

function What({ frame, view }: Props) {
  const w = words(frame).console.tenants
  const { tenant, brand, queue } = view
  const list = (items: readonly string[]) => (items.length === 0 ? w.unset.none : <bdi dir="ltr">{items.join(' · ')}</bdi>)
  const facts: (Fact | null)[] = [
    { name: w.id, value: <code>{tenant.tenant}</code> },
    { name: w.at, value: list(tenant.at) },
    ...(brand === null
      ? []
      : [
          {
            name: w.mailFrom,
            value: brand.mailFrom.own ? (
              <Address>{brand.mailFrom.address}</Address>
            ) : (
              fill(w.unset.mailFrom, { address: <Address>{brand.mailFrom.address}</Address> })
            ),
          },
          { name: w.support, value: brand.support === undefined ? w.unset.support : <bdi dir="ltr">{brand.support}</bdi> },
          { name: w.accent, value: brand.accent === undefined ? w.unset.ours : <code>{brand.accent}</code> },
          { name: w.logo, value: brand.logo === undefined ? w.unset.ours : fill(w.logoSize, { size: brand.logo }) },
          { name: w.returnTo, value: brand.returnTo === null ? w.unset.returnTo : <bdi dir="ltr">{brand.returnTo}</bdi> },
          { name: w.returnOrigins, value: list(brand.returnOrigins) },
          { name: w.operators, value: list(brand.operators) },
          { name: w.words, value: list(brand.words.map(({ language, texts }) => w.texts(language, texts))) },
        ]),
    {
      name: w.waiting,
      value:
        queue.oldest === null
          ? w.unset.none
          : fill(w.waitingSaid(bounded(frame, queue.queued, queue.countedMax)), { when: <When frame={frame} at={queue.oldest} /> }),
    },
    { name: w.added, value: <When frame={frame} at={view.createdAt} /> },
    { name: w.changed, value: <When frame={frame} at={view.updatedAt} /> },
  ]
  return <Facts facts={facts} />
}

function Rules({ frame, view: { rules } }: Props) {
  const w = words(frame).console.tenants
  if (rules === null) return null
  return (
    <section aria-labelledby="policy">
      <h2 id="policy">{w.policy}</h2>
      <p>{rules.changes.length === 0 ? w.policySame(rules.version) : w.policyIs(rules.version)}</p>
      {rules.changes.length > 0 && <Changes frame={frame} changes={rules.changes} from={w.inStandard} />}
      {rules.rollOut !== null && (
        <>
          <p>{fill(w.rollOut(rules.rollOut.percent, rules.rollOut.listed), { name: <b>{rules.rollOut.name}</b> })}</p>
          <Changes frame={frame} changes={rules.rollOut.changes} />
        </>
      )}
    </section>
  )
}

function Acts({ frame, view: { tenant, wrong } }: Props) {
  const w = words(frame).console.tenants
  const act = tenant.status === 'active' ? 'suspend' : 'resume'
  return (
    <section aria-labelledby="acts">
      <h2 id="acts">{w.acts}</h2>
      <ul class="rows">
        <li>
          <div>
            <p class="hint">{w[act].hint}</p>
          </div>
          <Post frame={frame} to={tenantPath(tenant.tenant)}>
            <Hidden name="act" value={act} />
            <button type="submit" class="plain small">
              {w[act].label}
            </button>
          </Post>
        </li>
        {tenant.status === 'suspended' && (
          <li>
            <details open={wrong === 'remove'}>
              <summary>{w.removeAsk}</summary>
              <p>{w.remove.hint}</p>
              <Post frame={frame} to={tenantPath(tenant.tenant)}>
                <Hidden name="act" value="remove" />
                <div class="field">
                  <label for="sure">{w.removeSure(tenant.tenant)}</label>
                  <PlainInput id="sure" />
                </div>
                <button type="submit" class="small stop">
                  {w.remove.label}
                </button>
              </Post>
            </details>
          </li>
        )}
      </ul>
    </section>
  )
}
