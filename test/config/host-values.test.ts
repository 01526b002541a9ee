/** What differs by host: which references there are, what each host makes of them, and what is wrong on which host. */
import { describe, expect, test } from 'vitest'
import { renderMerged } from '../../src/config/render-merged.js'
import { forHost, withHost } from '../../src/model/interpolate-host.js'
import { hostOf } from '../../src/model/host-entry.js'
import { loadValid, problemsIn } from './support/load-text.js'

const hosts = {
  app: [
    {
      name: 'web1',
      address: '10.0.0.1',
      labels: { zone: 'a' },
      variables: { WORKERS: 4, TOKEN: '${secret.T1}' },
    },
    { name: 'web2', address: '10.0.0.2', variables: { TOKEN: '$${secret.T2}' } },
  ],
}

function file(target: object, more: object = {}): string {
  return JSON.stringify({
    version: 1,
    project: 'shop',
    sources: { web: { type: 'oci', image: 'registry.test/web' } },
    hosts,
    services: { web: { source: 'web', target: { type: 'container', hosts: 'app', port: 80, ...target } } },
    ...more,
  })
}

async function targets(target: object): Promise<readonly unknown[]> {
  const { config } = await loadValid(file(target))
  const { target: template } = config.services['web']!
  return hosts.app.map((host) => withHost(template, hostOf(host), 'services.web.target'))
}

describe('a reference to the host', () => {
  test('is its name, its address, a label or a variable, or the default', async () => {
    const text = '${host.name} ${host.address} ${host.labels.zone:-none} ${host.variables.WORKERS:-2}'
    expect(await targets({ env: { A: text } })).toMatchObject([
      { env: { A: 'web1 10.0.0.1 a 4' } },
      { env: { A: 'web2 10.0.0.2 none 2' } },
    ])
  })

  test('is a number where a number is due, and text where text is', async () => {
    expect(
      await targets({ replicas: '${host.variables.WORKERS:-2}', env: { W: '${host.variables.WORKERS:-2}' } }),
    ).toMatchObject([
      { replicas: 4, env: { W: '4' } },
      { replicas: 2, env: { W: '2' } },
    ])
  })

  test('may come by way of a variable', async () => {
    const { config } = await loadValid(
      file({ env: { A: '${var.who}' } }, { variables: { who: '${host.name}!' } }),
    )
    expect(withHost(config.services['web']!.target, hostOf('web9'), '')).toMatchObject({
      env: { A: 'web9!' },
    })
  })

  test('keeps a secret a reference, and a text that only looks like one a text', async () => {
    expect(await targets({ env: { T: '${host.variables.TOKEN}' } })).toMatchObject([
      { env: { T: '${secret.T1}' } },
      { env: { T: '$${secret.T2}' } }, // which whoever reveals secrets takes for text
    ])
    expect(await problemsIn(file({ command: ['run', '${host.variables.TOKEN}'] }))).toEqual([
      expect.stringMatching(/variables\.TOKEN of web1 holds a secret, which may not be used here/),
    ])
  })

  test('is a text where it is written as one', async () => {
    expect(await targets({ env: { A: '$${host.name} $${host.variables.X}' } })).toMatchObject(
      hosts.app.map(() => ({ env: { A: '${host.name} ${host.variables.X}' } })),
    )
  })

  test('reaches the checks, but neither their timing nor the hosts themselves', async () => {
    const check = { type: 'http', path: '/${host.name}' }
    const { config } = await loadValid(file({}, { healthChecks: { ready: check } }))
    const { value } = forHost(config.services['web']!.checks, hostOf('web1'))
    expect(value[0]!.probe).toMatchObject({ path: '/web1' })
    const nowhere = /\$\{host\.name\} has no meaning here/
    for (const text of [
      file({}, { healthChecks: { ready: { ...check, interval: '${host.name}' } } }),
      file({ hosts: '${host.name}' }),
      file({}, { project: '${host.name}' }),
      file({}, { hooks: { a: { when: 'beforeStart', service: 'web', run: ['echo', '${host.name}'] } } }),
    ])
      expect(await problemsIn(text)).toContainEqual(expect.stringMatching(nowhere))
  })
})

describe('what is wrong', () => {
  test('names the host and what it has not', async () => {
    expect(await problemsIn(file({ env: { A: '${host.variables.WORKER}' } }))).toEqual([
      expect.stringMatching(/the host web1 has no variable "WORKER".*Did you mean.*WORKERS.*:-default/s),
      expect.stringMatching(/the host web2 has no variable "WORKER"/),
    ])
  })

  test('is said of the host whose value the schema refuses', async () => {
    expect(await problemsIn(file({ replicas: '${host.variables.TOKEN:-1}' }))).toEqual([
      expect.stringMatching(/TOKEN of web1 holds a secret/),
      expect.stringMatching(/is "\$\{secret\.T2\}" on web2, where text has no place/),
    ])
    const text = file({ replicas: '${host.variables.WORKERS:-0}' })
    expect(await problemsIn(text)).toEqual([expect.stringMatching(/on web2: .*replicas.* 1/)])
  })

  test('is no other part of a host than there is', async () => {
    expect(await problemsIn(file({ env: { A: '${host.port}' } }))).toEqual([
      expect.stringMatching(/\$\{host\.port\} is no reference.*\$\{host\.variables\.X\}/s),
    ])
  })
})

test('the merged document shows references as they are written', async () => {
  const { merged } = await loadValid(file({ replicas: '${host.variables.WORKERS:-2}' }))
  expect(await renderMerged(merged)).toContain('replicas: ${host.variables.WORKERS:-2}')
})

test('hosts of an inventory are not asked: what has a form needs a default', async () => {
  const inventory = { hosts: { app: { file: 'hosts.json' } } }
  const { config } = await loadValid(file({ replicas: '${host.variables.N}' }, inventory))
  const spec = config.services['web']!.target
  expect(withHost(spec, { ...hostOf('web1'), variables: { N: '3' } }, '')).toMatchObject({ replicas: 3 })
  expect(() => withHost(spec, hostOf('web1'), 'services.web.target')).toThrow(
    'services.web.target.replicas: the host web1 has no variable "N"',
  )
})
