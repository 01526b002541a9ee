/** The s3 lease against a real server, and against one that takes no notice of conditions. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { s3Lease } from '../../../src/drivers/leases/s3-lease.js'
import { driverPorts } from '../../contract/driver-ports.js'
import { leaseContract } from '../../contract/lease.contract.js'
import { cephBucket } from '../../support/ceph-bucket.js'
import { describeWith } from '../../support/needs.js'

const never = new AbortController().signal

describeWith('ceph-rgw', 'Ceph', () => {
  leaseContract(s3Lease, async () => {
    const options = await cephBucket()
    const ports = await driverPorts()
    return { open: () => s3Lease.create('shop/production', options, ports), end: () => ports.remove() }
  })
})

test('a server that takes no notice of conditions is refused before anything counts', async () => {
  let text = ''
  const server = createServer((request, response) => {
    request.on('data', (bytes) => (text = String(bytes)))
    request.on('end', () =>
      response.writeHead(200, { etag: '"1"' }).end(request.method === 'GET' ? text : ''),
    )
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const { port } = server.address() as AddressInfo
  const ports = await driverPorts()
  const login = { accessKeyId: 'a', secretAccessKey: 'b' }
  const options = { type: 's3', endpoint: `http://127.0.0.1:${port}`, bucket: 'lease', ...login }
  const lease = s3Lease.create('shop/production', options, ports)
  await expect(lease.writeIf(null, '{}', never)).rejects.toThrow('takes no notice of conditional writes')
  await lease.read(never)
  await expect(lease.writeIf('1', '{}', never)).rejects.toThrow('takes no notice of conditional writes')
  server.close()
  await ports.remove()
})
