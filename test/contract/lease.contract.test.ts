/** The leases that need nothing but this machine, held to the contract; the others are in test/drivers/leases/. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folderLease } from '../../src/drivers/leases/folder-lease.js'
import { driverPorts } from './driver-ports.js'
import { leaseContract } from './lease.contract.js'

const never = new AbortController().signal

async function begin() {
  const ports = await driverPorts()
  const open = () => folderLease.create('shop/production', { type: 'folder', path: 'shared' }, ports)
  return {
    open,
    end: () => ports.remove(),
    folder: join(ports.projectDirectory, 'shared', 'shop', 'production'),
  }
}

leaseContract(folderLease, begin)

test('a folder keeps no more than two files, and a number that was cleared away does not count when it comes back', async () => {
  const { open, end, folder } = await begin()
  const lease = open()
  for (let change = 0; change < 10; change++) {
    const seen = await lease.read(never)
    expect(await lease.writeIf(seen?.mark ?? null, String(change), never)).toBe(true)
  }
  expect(await readdir(folder)).toHaveLength(2)
  expect(await lease.writeIf('3', 'from the past', never)).toBe(false)
  expect((await lease.read(never))?.text).toBe('9')
  await end()
})
