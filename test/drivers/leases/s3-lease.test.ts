/** The s3 lease against a real server, and against one that takes no notice of conditions. */
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { s3Lease } from '../../../src/drivers/leases/s3-lease.js'
import { withVariable } from '../../../src/drivers/system/with-variable.js'
import { driverPorts } from '../../contract/driver-ports.js'
import { leaseContract } from '../../contract/lease.contract.js'
import { addressOf, describeWith } from '../../support/needs.js'

const never = new AbortController().signal

describeWith('ceph-rgw', 'Ceph', () => {
  leaseContract(s3Lease, async () => {
    const { endpoint, ...credentials } = JSON.parse(addressOf('ceph-rgw')) as {
      endpoint: string
      accessKeyId: string
      secretAccessKey: string
    }
    const bucket = `lease-${randomBytes(8).toString('hex')}`
    const settings = { endpoint, credentials, region: 'us-east-1', forcePathStyle: true }
    const warning = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'
    const client = withVariable(warning, 'true', () => new S3Client(settings))
    await client.send(new CreateBucketCommand({ Bucket: bucket }))
    client.destroy()
    const ports = await driverPorts()
    const options = { type: 's3', endpoint, bucket, ...credentials }
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
