/** Every option of a container target, as an engine reports it of the container that was made with it. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { containerDriver } from '../../../src/drivers/targets/container.js'
import { readOptions } from '../../../src/drivers/targets/container/options.js'
import { admits, expectGoodSchema } from '../../contract/driver-schema.js'
import {
  engineBench,
  plainRelease,
  type ContainerReport,
  type EngineBench,
  type Options,
} from '../../support/containers/engine-bench.js'
import { describeWith } from '../../support/needs.js'

const obtain = () => Promise.reject(new Error('an engine pulls by itself'))

describe('the options', () => {
  test('are described, with examples, and each has an effect', () => {
    expectGoodSchema('container', containerDriver.schema)
    const options = Object.keys(containerDriver.schema['properties'] as object).filter(
      (name) => name !== 'type',
    )
    expect(Object.keys(containerDriver.effects).sort()).toEqual(options.sort())
  })

  test.each([
    ['two engines at once', { engine: { socket: '/s', host: 'tcp://h:1' } }],
    ['an engine that is no address', { engine: { host: 'gopher://host' } }],
    ['a label of deployctl’s own', { labels: { 'deployctl.service': 'other' } }],
    ['a variable that is no name', { env: { 'A=B': 'c' } }],
    ['a port that is none', { ports: ['http'] }],
    ['a folder without a slash', { volumes: { 'var/lib': 'data' } }],
    ['no replicas', { replicas: 0 }],
    ['a restart policy that is none', { restartPolicy: 'sometimes' }],
  ])('refuse %s', (_, options) => {
    expect(admits(containerDriver.schema, { type: 'container', ...options })).toBe(false)
  })

  test('that contradict each other are refused in words', () => {
    const read = (options: Options) => () => readOptions({ type: 'container', ...options })
    expect(read({ readOnly: true, secretFiles: { '/run/x': 'y' } })).toThrow(/secretFiles cannot be put/)
    expect(read({ ports: ['8080:80'], replicas: 2 })).toThrow(/can belong to one container only/)
    expect(read({ ports: ['80'], replicas: 2 })).not.toThrow()
  })

  test.each([
    ['80', { address: '', hostPort: '', port: '80/tcp' }],
    ['8080:80', { address: '', hostPort: '8080', port: '80/tcp' }],
    ['127.0.0.1:5353:53/udp', { address: '127.0.0.1', hostPort: '5353', port: '53/udp' }],
    ['[::1]:8080:80', { address: '::1', hostPort: '8080', port: '80/tcp' }],
  ])('read the port %s', (text, port) => {
    expect(admits(containerDriver.schema, { type: 'container', ports: [text] })).toBe(true)
    expect(readOptions({ type: 'container', ports: [text] }).ports).toEqual([port])
  })
})

interface Case {
  readonly options: Options
  readonly config?: object
  readonly host?: object
}

/** The engine's own words for each. */
const cases: { readonly [title: string]: Case } = {
  command: { options: { command: ['/app', 'sleep', '60'] }, config: { Cmd: ['/app', 'sleep', '60'] } },
  entrypoint: {
    options: { entrypoint: ['/app'], command: ['sleep', '60'] },
    config: { Entrypoint: ['/app'] },
  },
  user: { options: { user: '1000:1000' }, config: { User: '1000:1000' } },
  workingDir: { options: { workingDir: '/srv/work' }, config: { WorkingDir: '/srv/work' } },
  labels: {
    options: { labels: { team: 'shop' } },
    config: { Labels: expect.objectContaining({ team: 'shop' }) as object },
  },
  healthcheck: {
    options: {
      healthcheck: { run: ['/app', 'probe'], interval: '5s', timeout: '2s', startPeriod: '1m', retries: 4 },
    },
    config: {
      Healthcheck: {
        Test: ['CMD', '/app', 'probe'],
        Interval: 5e9,
        Timeout: 2e9,
        StartPeriod: 60e9,
        Retries: 4,
      },
    },
  },
  'healthcheck as a line': {
    options: { healthcheck: { shell: 'true' } },
    config: { Healthcheck: expect.objectContaining({ Test: ['CMD-SHELL', 'true'] }) as object },
  },
  'no healthcheck': {
    options: { healthcheck: { disabled: true } },
    config: { Healthcheck: { Test: ['NONE'] } },
  },
  stopSignal: { options: { stopSignal: 'SIGQUIT' }, config: { StopSignal: 'SIGQUIT' } },
  stopTimeout: { options: { stopTimeout: '90s' }, config: { StopTimeout: 90 } },
  port: {
    options: { port: 8081 },
    config: { ExposedPorts: expect.objectContaining({ '8081/tcp': {} }) as object },
  },
  ports: {
    options: { ports: ['127.0.0.1::8080'.replace('::', ':0:')] },
    host: { PortBindings: { '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: '0' }] } },
  },
  mounts: {
    options: { mounts: [{ source: '/tmp', path: '/host', readOnly: true }] },
    host: { Mounts: [{ Type: 'bind', Source: '/tmp', Target: '/host', ReadOnly: true }] },
  },
  init: { options: { init: true }, host: { Init: true } },
  restartPolicy: {
    options: { restartPolicy: 'on-failure:5' },
    host: { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 5 } },
  },
  'restartPolicy by default': {
    options: {},
    host: { RestartPolicy: { Name: 'unless-stopped', MaximumRetryCount: 0 } },
  },
  memory: { options: { memory: '64MiB' }, host: { Memory: 64 * 2 ** 20 } },
  cpus: { options: { cpus: 0.5 }, host: { NanoCpus: 5e8 } },
  pids: { options: { pids: 50 }, host: { PidsLimit: 50 } },
  ulimits: {
    options: { ulimits: { nofile: 2048, core: { soft: 0, hard: 10 } } },
    host: {
      Ulimits: [
        { Name: 'nofile', Soft: 2048, Hard: 2048 },
        { Name: 'core', Soft: 0, Hard: 10 },
      ],
    },
  },
  readOnly: { options: { readOnly: true }, host: { ReadonlyRootfs: true } },
  capabilities: {
    options: { capAdd: ['NET_ADMIN'], capDrop: ['ALL'] },
    host: { CapAdd: [expect.stringMatching(/^(CAP_)?NET_ADMIN$/)], CapDrop: ['ALL'] },
  },
  securityOpt: {
    options: { securityOpt: ['no-new-privileges'] },
    host: { SecurityOpt: ['no-new-privileges'] },
  },
  logging: {
    options: { logging: { driver: 'json-file', options: { 'max-size': '1m' } } },
    host: { LogConfig: { Type: 'json-file', Config: { 'max-size': '1m' } } },
  },
  platform: { options: { platform: process.arch === 'arm64' ? 'linux/arm64' : 'linux/amd64' } },
}

describeWith('docker-engine', 'the options on an engine', () => {
  let bench: EngineBench
  let repository: string
  beforeEach(async () => {
    bench = await engineBench()
    repository = await bench.images(['1.0.0'])
  })
  afterEach(() => bench.end())

  async function run(more: Options, ports = {}) {
    const options = { image: `${repository}:1.0.0`, pull: 'never', ...more }
    const target = bench.target(options, ports)
    const instance = bench.instance(plainRelease('1.0.0'), null, options)
    await target.stage(instance, obtain, bench.context)
    await target.start?.(instance, bench.context)
    const report = await bench.container(instance.name)
    const seen = await target.inspect({ active: [instance], previous: [] }, bench.context.signal)
    const exec = async (...words: readonly string[]) => {
      const reach = await target.reach?.(instance, bench.context.signal)
      return reach!.run({ run: ['/app', ...words] }, { env: {}, timeoutMs: 20_000 }, bench.context.signal)
    }
    return { report, drift: seen.drift, exec, target, instance }
  }
  const partOf = (report: ContainerReport, { config = {}, host = {} }: Case) =>
    expect(report).toMatchObject({ Config: config, HostConfig: host })

  for (const [title, one] of Object.entries(cases)) {
    test(`${title}: the engine has it, and sees no change in it`, async () => {
      const { report, drift } = await run(one.options)
      partOf(report, one)
      expect(drift).toEqual([])
    })
  }

  test('env, envFiles and secrets: later ones win, and only the engine learns the values', async () => {
    await writeFile(join(bench.ports.projectDirectory, 'a.env'), '# first\nA=1\nB=a=b\r\n\nC=file\n')
    await writeFile(join(bench.ports.projectDirectory, 'b.env'), 'A=2\n')
    const secrets = {
      ...bench.ports.secrets,
      reveal: async (text: string) => text.replace('${secret.S}', 'hunter2'),
    }
    const env = { C: 'written', TOKEN: 'x ${secret.S}' }
    const { report } = await run({ envFiles: ['a.env', 'b.env'], env }, { secrets })
    expect(report.Config.Env).toEqual(
      expect.arrayContaining(['A=2', 'B=a=b', 'C=written', 'TOKEN=x hunter2']),
    )
    expect(JSON.stringify(report.Config.Labels)).not.toContain('hunter2')
  })

  test('an env file that is not there, or says something else, is refused before anything is touched', async () => {
    const target = bench.target({ image: `${repository}:1.0.0`, pull: 'never', envFiles: ['no.env'] })
    const request = { deployment: 'd1', by: 'tester', incoming: [plainRelease('1.0.0')] }
    await expect(target.claim(request, bench.context.signal)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    })
    await writeFile(join(bench.ports.projectDirectory, 'no.env'), 'A=1\nsecret words\n')
    const refused = target.claim(request, bench.context.signal)
    await expect(refused).rejects.toThrow(/no\.env:2 is not NAME=value/)
  })

  test('secretFiles are in the container, for its user alone', async () => {
    const secrets = {
      ...bench.ports.secrets,
      reveal: async (text: string) => text.replace('${secret.S}', 'hunter2'),
    }
    const { exec, report } = await run(
      { secretFiles: { '/run/secrets/db': '${secret.S}', '/etc/other': 'plain\n' }, user: '1000:1001' },
      { secrets },
    )
    expect(await exec('cat', '/run/secrets/db')).toMatchObject({ exitCode: 0, lastLines: ['hunter2'] })
    expect(await exec('cat', '/etc/other')).toMatchObject({ exitCode: 0, lastLines: ['plain'] })
    expect(JSON.stringify(report)).not.toContain('hunter2')
  })

  test('volumes are made, shared, and stay when the container goes', async () => {
    const name = `${bench.scope.project}-data`
    const { report, target, instance } = await run({ volumes: { '/data': name } })
    expect(report.HostConfig['Mounts']).toEqual([{ Type: 'volume', Source: name, Target: '/data' }])
    await target.stop?.(instance, bench.context)
    await bench.call('GET', `/volumes/${name}`)
    await bench.call('DELETE', `/volumes/${name}`)
  })

  test('networks: it is in all of them, and the address is that of the first', async () => {
    const names = ['a', 'b'].map((letter) => `${bench.scope.project}-${letter}`)
    const Labels = { 'deployctl.project': bench.scope.project }
    for (const Name of names) await bench.call('POST', '/networks/create', { Name, Labels })
    const { report, drift, target, instance } = await run({ networks: names, port: 8080 })
    expect(Object.keys(report.NetworkSettings.Networks).sort()).toEqual(names)
    expect(drift).toEqual([])
    const { address } = (await target.reach?.(instance, bench.context.signal))!
    expect(address).toEqual({ host: report.NetworkSettings.Networks[names[0]!]!.IPAddress, port: 8080 })
  })

  test('a network that is not there is refused before anything is touched', async () => {
    const target = bench.target({ image: `${repository}:1.0.0`, networks: ['no-such-network'] })
    const claimed = target.claim({ deployment: 'd1', by: 'tester', incoming: [] }, bench.context.signal)
    await expect(claimed).rejects.toMatchObject({
      code: 'TARGET_REFUSED',
      hint: expect.stringContaining('docker network create no-such-network') as string,
    })
  })
})
