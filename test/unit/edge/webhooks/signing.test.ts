/** What is signed, with which keys, and which are refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { ReeveError } from '../../../../src/core/errors.ts';
import type { Message } from '../../../../src/edge/webhooks/events.ts';
import { signed } from '../../../../src/edge/webhooks/signing.ts';

const message: Message = {
  type: 'execution.finished',
  id: 'msg_abc_7_0123456789ab',
  at: 1,
  payload: '{"type":"execution.finished","data":{"command":"ünï\\ud800"}}',
};
const key = (fill: number, length = 32) => `whsec_${Buffer.alloc(length, fill).toString('base64')}`;

test('the library verifies what was signed, and nothing that was changed', async () => {
  const headers = await signed(`${key(1)}\n`, message, Date.now());
  assert.deepEqual(Object.keys(headers), ['webhook-id', 'webhook-timestamp', 'webhook-signature']);
  const webhook = new Webhook(key(1));
  webhook.verify(message.payload, headers);
  assert.throws(() => webhook.verify(`${message.payload} `, headers));
  assert.throws(() => webhook.verify(message.payload, { ...headers, 'webhook-id': 'msg_x' }));
  assert.throws(() => new Webhook(key(2)).verify(message.payload, headers));
});

test('the signature is that of the specification’s own vector', async () => {
  const vector = {
    ...message,
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    payload: '{"test": 2432232314}',
  };
  const headers = await signed('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', vector, 1_614_265_330_999);
  assert.equal(headers['webhook-timestamp'], '1614265330');
  assert.equal(headers['webhook-signature'], 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
});

test('while keys change, either one verifies', async () => {
  const headers = await signed(`${key(2)} ${key(1)}`, message, Date.now());
  for (const each of [key(1), key(2)]) new Webhook(each).verify(message.payload, headers);
});

test('a key that is none, or too short to be one, is refused without being repeated', async () => {
  const bad = [
    '',
    '   ',
    'hunter2hunter2hunter2hunter2hunter2',
    key(1, 23),
    key(1, 65),
    `${key(1)} hunter2`,
    key(1).replace('whsec_', ''),
    key(1).replace('whsec_', 'whsk_'),
    `${key(1).slice(0, -2)}!=`,
    [1, 2, 3, 4, 5].map((fill) => key(fill)).join(' '),
  ];
  for (const secret of bad) {
    await assert.rejects(signed(secret, message, 1), (error) => {
      assert.ok(error instanceof ReeveError, String(error));
      assert.equal(error.code, 'SECRET_UNAVAILABLE');
      assert.ok(secret.trim() === '' || !error.message.includes(secret));
      return true;
    });
  }
});
