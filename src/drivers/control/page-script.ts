/**
 * The script of the status page. It draws the report that the agent sends whenever something has changed. Text from the
 * agent is only ever put in as text, so that no message can become markup. It is in ASCII: raw text is the one thing that
 * the bundle cannot escape.
 */
export const pageScript = String.raw`
'use strict'
const byId = (id) => document.getElementById(id)
function el(tag, className, ...children) {
  const node = document.createElement(tag)
  if (className) node.className = className
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== ''))
  return node
}
const show = (version) => (version === null ? '\u2013' : /^[0-9]/.test(version) ? 'v' + version : version)
const units = [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']]
function ago(iso) {
  if (!iso) return ''
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(iso)) / 1000))
  const [size, unit] = units.find(([length]) => seconds >= length) || [1, 's']
  return Math.floor(seconds / size) + ' ' + unit + ' ago'
}
function when(iso) {
  const node = el('time', 'faint', ago(iso))
  node.dateTime = iso
  node.title = new Date(iso).toLocaleString()
  return node
}
const chip = (kind, text) => el('span', 'chip ' + kind, text)
const took = (ms) => (ms < 1000 ? ms + ' ms' : (ms / 1000).toFixed(1) + ' s')

const many = (service) => service.hosts.length > 1
const notesOf = (service) => service.hosts.flatMap((one) => [
  one.problem && one.problem.message,
  ...(one.observation ? one.observation.drift.map((drift) => drift.message) : []),
  one.behind && service.version !== null && 'behind: ' + one.behind,
].filter(Boolean).map((note) => (many(service) ? one.host + ': ' : '') + note))
function stateOf(service, running) {
  if (running && running.services.includes(service.service)) return chip('busy', 'deploying')
  if (service.hosts.some((one) => one.problem)) return chip('bad', 'cannot be looked at')
  if (service.hosts.some((one) => one.observation && one.observation.drift.length > 0)) return chip('careful', 'drift')
  if (service.version !== null && service.hosts.some((one) => one.behind)) return chip('careful', 'hosts behind')
  if (service.version === null) return chip('careful', 'not deployed yet')
  return chip('good', 'serves')
}
function serviceCard(service, report) {
  const decision = report.agent.decisions.find((one) => one.service === service.service)
  const notes = [
    ...notesOf(service),
    service.pin && 'pinned to ' + show(service.pin.version) + ' by ' + service.pin.by + ': ' + service.pin.reason,
    ...service.holds.map((hold) => show(hold.version) + ' is held: ' + hold.reason),
    decision && decision.reason,
  ].filter(Boolean)
  const card = el('article', 'card',
    el('h3', '', service.service, el('span', 'release', show(service.version)), stateOf(service, report.agent.running)),
    service.since ? el('p', 'faint', 'deployed ', when(service.since)) : null,
    ...notes.map((note) => el('p', 'faint', note)))
  card.dataset.service = service.service
  return card
}
const stepKinds = { running: 'busy', done: 'good', failed: 'bad', undoing: 'careful', undone: 'careful' }
function drawRunning(running) {
  byId('running').hidden = running === null
  if (running === null) return
  const rows = running.steps.map((step) => el('div', 'row',
    el('span', 'faint', step.service || ''), el('span', 'what', step.title + (step.progress ? ' \u00b7 ' + step.progress : '')),
    stepKinds[step.status] ? chip(stepKinds[step.status], step.status) : el('span', 'faint', step.status)))
  byId('running').lastElementChild.replaceChildren(el('div', 'list', ...rows))
}
const outcomes = { applied: ['good', 'done'], unwound: ['bad', 'undone'], stuck: ['bad', 'stuck'] }
const open = new Set()
function evidence(record) {
  const failures = [...record.stuck, ...record.failures]
  if (failures.length === 0) return null
  const details = el('details', '', el('summary', '', failures[0].error.message))
  const lines = failures.flatMap(({ step, error }) =>
    [...(step ? [step] : []), error.message, ...(error.details || []), ...(error.hint ? [error.hint] : [])])
  details.append(el('pre', '', lines.join('\n')))
  details.open = open.has(record.deployment)
  details.addEventListener('toggle', () => open[details.open ? 'add' : 'delete'](record.deployment))
  return details
}
function historyRow(record) {
  const [kind, word] = outcomes[record.outcome]
  const what = record.services.map((one) => one.service + ' ' + show(one.before) + ' \u2192 ' + show(one.after)).join(', ')
  return el('div', 'row', when(record.endedAt), el('span', 'what', what || record.command), chip(kind, word),
    el('span', 'faint wide', record.deployment + ' by ' + record.by + ', ' + record.command + ', took ' + took(record.durationMs)),
    evidence(record))
}
function alertsOf({ agent, status }) {
  return [
    ...(agent.pause ? [['careful', 'The agent is paused by ' + agent.pause.by + ': ' + agent.pause.reason]] : []),
    ...(status.freeze ? [['careful', 'Frozen' + (status.freeze.until ? ' until ' + new Date(status.freeze.until).toLocaleString() : '') + ' by ' + status.freeze.by + ': ' + status.freeze.reason]] : []),
    ...status.waiting.map((step) => ['careful', 'Deployment ' + step.deployment + ' waits for a person: ' + step.title, 'deployctl approve --env ' + status.environment]),
    ...status.approvals.map((one) => {
      const what = one.version === null ? 'That ' + one.service + ' is taken away' : one.service + ' ' + show(one.version)
      return one.approvedBy
        ? ['good', what + ' is approved by ' + one.approvedBy + ', and is deployed when its time comes']
        : ['careful', what + ' waits to be approved since ' + ago(one.since).replace(' ago', '') + '.', 'deployctl approve ' + one.service + ' --env ' + status.environment]
    }),
    ...agent.outages.map((outage) => ['bad', 'Source ' + outage.source + ' has not answered for ' + ago(outage.since).replace(' ago', '') + ': ' + outage.message]),
    ...(agent.running === null ? status.unfinished.map((id) => ['bad', 'Deployment ' + id + ' is not finished.', 'deployctl recover --env ' + status.environment]) : []),
    ...(agent.undelivered > 0 ? [['careful', agent.undelivered + ' notifications wait for their notifier']] : []),
  ]
}
function draw(report) {
  const { agent, status, history } = report
  const name = status.project + ' \u00b7 ' + status.environment
  document.title = name
  byId('title').textContent = name
  byId('agent').textContent = 'agent ' + agent.version + ', ' + agent.mode +
    (agent.waves ? ', ' + agent.waves.host + (agent.waves.isCanary ? ' (canary)' : '') : '') +
    (agent.lastPollAt ? ', looked ' + ago(agent.lastPollAt) : ', has not looked yet')
  byId('agent').dataset.state = 'live'
  const alerts = alertsOf(report)
  byId('alerts').hidden = alerts.length === 0
  byId('alerts').replaceChildren(...alerts.map(([kind, text, command]) => el('p', kind, text, command ? el('code', '', command) : null)))
  drawRunning(agent.running)
  byId('services').lastElementChild.replaceChildren(
    el('div', 'cards', ...status.services.map((service) => serviceCard(service, report))))
  byId('history').lastElementChild.replaceChildren(history.length === 0
    ? el('p', 'faint', 'Nothing has been deployed yet.')
    : el('div', 'list', ...history.map(historyRow)))
}
const shownLines = 100
function addLine(line) {
  const list = byId('logs').lastElementChild
  const about = [line.service, line.release && show(line.release), line.deployment].filter(Boolean).join(' ')
  const time = el('time', '', new Date(line.time).toLocaleTimeString())
  list.append(el('li', line.level, time, line.msg, about ? el('span', 'faint', '  ' + about) : null))
  while (list.children.length > shownLines) list.firstElementChild.remove()
}
let last = null
async function begin() {
  const { lines } = await (await fetch('/api/v1/logs')).json()
  lines.slice(-shownLines).forEach(addLine)
  const events = new EventSource('/api/v1/events')
  events.addEventListener('report', (event) => { last = JSON.parse(event.data); draw(last) })
  events.addEventListener('log', (event) => addLine(JSON.parse(event.data)))
  events.onerror = () => {
    byId('agent').textContent = 'the agent does not answer; what is shown is from ' + (last ? ago(last.agent.lastPollAt) : 'before')
    byId('agent').dataset.state = 'lost'
  }
  setInterval(() => {
    for (const node of document.querySelectorAll('time[datetime]')) node.textContent = ago(node.dateTime)
  }, 10000)
}
begin().catch(() => { byId('agent').textContent = 'the agent does not answer'; byId('agent').dataset.state = 'lost' })
`
