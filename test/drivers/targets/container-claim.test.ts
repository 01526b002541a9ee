/** The claim on a service of an engine: one holder at a time, the dead are taken over, nobody removes another's. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { startOf, thisPlace } from '../../../src/drivers/system/process-identity.js'
import { engineBench, type EngineBench } from '../../support/containers/engine-bench.js'
import { describeWith } from '../../support/needs.js'

describeWith('docker-engine', 'the claim', () => {
  let bench: EngineBench
  beforeEach(async () => {
    bench = await engineBench()
  })
  afterEach(() => bench.end())

  const claim = (deployment: string) =>
    bench.target().claim({ deployment, by: 'tester', incoming: [] }, bench.context.signal)
  const volumes = async () => {
    const filters = encodeURIComponent(
      JSON.stringify({ label: [`deployctl.project=${bench.scope.project}`] }),
    )
    const { Volumes } = (await bench.call('GET', `/volumes?filters=${filters}`)) as {
      Volumes: { Name: string }[] | null
    }
    return (Volumes ?? []).map(({ Name }) => Name)
  }
  const name = () => `deployctl-${bench.scope.project}-test-web-claim`
  const leave = async (holder: object) => {
    const Labels = {
      'deployctl.project': bench.scope.project,
      'deployctl.claim': JSON.stringify({
        format: 1,
        deployment: 'd0',
        by: 'other',
        host: 'build',
        since: 'long ago',
        ...holder,
      }),
    }
    await bench.call('POST', '/volumes/create', { Name: name(), Labels })
  }
  async function deadProcess(): Promise<{ pid: number; startedAt: string }> {
    const child = spawn('sleep', ['60'])
    const pid = child.pid!
    const startedAt = (await startOf(pid))!
    child.kill('SIGKILL')
    await once(child, 'exit')
    return { pid, startedAt }
  }

  test('keeps others out, says who, and is given back', async () => {
    const held = await claim('d1')
    await expect(claim('d2')).rejects.toMatchObject({
      code: 'LOCKED',
      message: 'web is being deployed to this engine by tester (deployment d1).',
      details: [expect.stringContaining(`on test, process ${process.pid}, since `)],
    })
    await held.release()
    await held.release()
    expect(await volumes()).toEqual([])
    await (await claim('d2')).release()
  })

  test('of twenty who come at once, one gets it', async () => {
    const tries = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => claim(`d${index}`)))
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('of a dead holder is taken over, by one of those who come at once', async () => {
    await leave({ token: 'dead', place: thisPlace(), ...(await deadProcess()) })
    const tries = await Promise.allSettled(Array.from({ length: 10 }, (_, index) => claim(`d${index}`)))
    const won = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    expect(won.length).toBeLessThanOrEqual(1)
    for (const one of won) await one.release()
    await (await claim('later')).release()
    expect(await volumes()).toEqual([])
  })

  test('of a holder who died while taking over is taken over as well', async () => {
    await leave({ token: 'deadbeef01', place: thisPlace(), ...(await deadProcess()) })
    const Labels = {
      'deployctl.project': bench.scope.project,
      'deployctl.claim': JSON.stringify({
        format: 1,
        token: 'second',
        place: thisPlace(),
        ...(await deadProcess()),
      }),
    }
    await bench.call('POST', '/volumes/create', { Name: `${name()}-of-deadbeef`, Labels })
    await (await claim('d1')).release()
    expect(await volumes()).toEqual([])
  })

  test('of somebody elsewhere is respected, and so is one that says nothing', async () => {
    await leave({ token: 'far', pid: 1, startedAt: '', place: { ...thisPlace(), machineId: 'another' } })
    await expect(claim('d1')).rejects.toMatchObject({
      code: 'LOCKED',
      hint: expect.stringContaining('deployctl unlock d0') as string,
    })
    const unclaim = (deployment: string) => bench.target().unclaim!(deployment, bench.context.signal)
    expect(await unclaim('d9')).toEqual([])
    expect(await unclaim('d0')).toEqual([{ by: 'other', from: 'build', since: 'long ago' }])
    expect(await volumes()).toEqual([])
    const held = await claim('d1')
    await expect(unclaim('d1')).rejects.toMatchObject({ code: 'LOCKED' }) // its process, this one, lives
    await held.release()
    await bench.call('POST', '/volumes/create', {
      Name: name(),
      Labels: { 'deployctl.project': bench.scope.project },
    })
    await expect(claim('d1')).rejects.toMatchObject({
      code: 'LOCKED',
      message: expect.stringContaining('not said by whom') as string,
    })
  })
})
