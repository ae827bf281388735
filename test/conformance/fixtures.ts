/**
 * The tools, resources and prompts that the MCP conformance suite asks for by name, mounted beside Reeve's own handlers.
 * For tests only: nothing of it is reachable in a build.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CallToolResult,
  CLIENT_CAPABILITIES_META_KEY,
  type ContentBlock,
  type GetPromptResult,
  type InputRequiredResult,
  MissingRequiredClientCapabilityError,
  type Prompt,
  type Resource,
  type ServerContext,
  type Tool,
} from '@modelcontextprotocol/server';
import type { Door } from '../../src/edge/mcp/door.ts';
import { reeveHandlers } from '../../src/edge/mcp/handlers.ts';
import type { Handlers } from '../../src/edge/mcp/server.ts';
import { askForContext, inputRequiredPrompt, inputRequiredTools } from './input-required.ts';

/** One red pixel, and a wave file without a sample. */
const png =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';
const wav = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=';

type Args = Readonly<Record<string, unknown>>;
type Result = CallToolResult | InputRequiredResult;
type Fixture = (args: Args, ctx: ServerContext) => Promise<Result> | Result;

const text = (words: string): ContentBlock => ({ type: 'text', text: words });
const image: ContentBlock = { type: 'image', data: png, mimeType: 'image/png' };
const embedded = (uri: string, mimeType: string, words: string): ContentBlock => ({
  type: 'resource',
  resource: { uri, mimeType, text: words },
});
const content = (...blocks: ContentBlock[]): CallToolResult => ({ content: blocks });

const elicitation = async (
  ctx: ServerContext,
  message: string,
  properties: object,
  required: string[] = [],
) => {
  const requestedSchema = { type: 'object', properties, required };
  const params = { mode: 'form', message, requestedSchema };
  // On the stream of this call: the standing one may not be open yet, and then the question would be lost.
  const { action, content: given } = await ctx.mcpReq.send({
    method: 'elicitation/create',
    params,
  });
  return content(
    text(`Elicitation completed: action=${action}, content=${JSON.stringify(given ?? {})}`),
  );
};

const asking = Object.entries(inputRequiredTools).map(
  ([name, run]) => [name, { run: (_args: Args, ctx: ServerContext) => run(ctx) }] as const,
);

const tools: Readonly<Record<string, { inputSchema?: object; run: Fixture }>> = {
  ...Object.fromEntries(asking),
  test_simple_text: { run: () => content(text('This is a simple text response for testing.')) },
  test_image_content: { run: () => content(image) },
  test_audio_content: { run: () => content({ type: 'audio', data: wav, mimeType: 'audio/wav' }) },
  test_embedded_resource: {
    run: () =>
      content(
        embedded('test://embedded-resource', 'text/plain', 'This is an embedded resource content.'),
      ),
  },
  test_multiple_content_types: {
    run: () =>
      content(
        text('Multiple content types test:'),
        image,
        embedded(
          'test://mixed-content-resource',
          'application/json',
          '{"test":"data","value":123}',
        ),
      ),
  },
  test_tool_with_logging: {
    async run(_args, ctx) {
      await ctx.mcpReq.log('info', 'Tool execution started');
      await sleep(50);
      await ctx.mcpReq.log('info', 'Tool processing data');
      await sleep(50);
      await ctx.mcpReq.log('info', 'Tool execution completed');
      return content(text('Tool with logging executed successfully'));
    },
  },
  test_tool_with_progress: {
    async run(_args, ctx) {
      const progressToken = ctx.mcpReq._meta?.progressToken;
      for (const progress of [0, 50, 100]) {
        if (progress > 0) await sleep(50);
        if (progressToken === undefined) continue;
        const params = { progressToken, progress, total: 100 };
        await ctx.mcpReq.notify({ method: 'notifications/progress', params });
      }
      return content(text(String(progressToken)));
    },
  },
  test_error_handling: {
    run: () => ({
      isError: true,
      ...content(text('This tool intentionally returns an error for testing')),
    }),
  },
  test_sampling: {
    inputSchema: { properties: { prompt: { type: 'string' } }, required: ['prompt'] },
    async run(args, ctx) {
      const asked = { type: 'text', text: String(args.prompt) } as const;
      const params = { messages: [{ role: 'user', content: asked }], maxTokens: 100 };
      const { content: said } = await ctx.mcpReq.send({ method: 'sampling/createMessage', params });
      const first = Array.isArray(said) ? said[0] : said;
      return content(text(`LLM response: ${first?.type === 'text' ? first.text : ''}`));
    },
  },
  test_elicitation: {
    inputSchema: { properties: { message: { type: 'string' } }, required: ['message'] },
    run: (args, ctx) =>
      elicitation(
        ctx,
        String(args.message),
        {
          username: { type: 'string', description: "User's response" },
          email: { type: 'string', description: "User's email address" },
        },
        ['username', 'email'],
      ),
  },
  test_elicitation_sep1034_defaults: {
    run: (_args, ctx) =>
      elicitation(ctx, 'Please review and update the form fields with defaults', {
        name: { type: 'string', default: 'John Doe' },
        age: { type: 'integer', default: 30 },
        score: { type: 'number', default: 95.5 },
        status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
        verified: { type: 'boolean', default: true },
      }),
  },
  test_elicitation_sep1330_enums: {
    run: (_args, ctx) => {
      const titled = (prefix: string, title: string) =>
        ['First', 'Second', 'Third'].map((nth, i) => ({
          const: `${prefix}${i + 1}`,
          title: `${nth} ${title}`,
        }));
      const options = ['option1', 'option2', 'option3'];
      return elicitation(ctx, 'Please select options from the enum fields', {
        untitledSingle: { type: 'string', enum: options },
        titledSingle: { type: 'string', oneOf: titled('value', 'Option') },
        legacyEnum: {
          type: 'string',
          enum: ['opt1', 'opt2', 'opt3'],
          enumNames: ['Option One', 'Option Two', 'Option Three'],
        },
        untitledMulti: { type: 'array', items: { type: 'string', enum: options } },
        titledMulti: { type: 'array', items: { anyOf: titled('value', 'Choice') } },
      });
    },
  },
  test_missing_capability: {
    run: (_args, ctx) => {
      const envelope: Readonly<Record<string, unknown>> = ctx.mcpReq.envelope ?? {};
      const declared = envelope[CLIENT_CAPABILITIES_META_KEY] as { sampling?: object } | undefined;
      if (declared?.sampling !== undefined) return content(text('The client can sample.'));
      throw new MissingRequiredClientCapabilityError({ requiredCapabilities: { sampling: {} } });
    },
  },
  test_reconnection: { run: () => content(text('Reconnection test completed successfully.')) },
  json_schema_2020_12_tool: {
    inputSchema: {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $defs: {
        address: {
          $anchor: 'addressDef',
          type: 'object',
          properties: { street: { type: 'string' }, city: { type: 'string' } },
        },
      },
      properties: {
        name: { type: 'string' },
        address: { $ref: '#/$defs/address' },
        contactMethod: { type: 'string', enum: ['phone', 'email'] },
        phone: { type: 'string' },
        email: { type: 'string' },
      },
      allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
      if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { required: ['phone'] },
      else: { required: ['email'] },
      additionalProperties: false,
    },
    run: (args) => content(text(`JSON Schema 2020-12 tool called with: ${JSON.stringify(args)}`)),
  },
};

const resources: readonly Resource[] = [
  { uri: 'test://static-text', name: 'static-text', mimeType: 'text/plain' },
  { uri: 'test://static-binary', name: 'static-binary', mimeType: 'image/png' },
  { uri: 'test://watched-resource', name: 'watched-resource', mimeType: 'text/plain' },
];

function read(uri: string) {
  const template = /^test:\/\/template\/([^/]+)\/data$/.exec(uri);
  if (template !== null) {
    const id = template[1];
    const body = JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` });
    return { uri, mimeType: 'application/json', text: body };
  }
  switch (uri) {
    case 'test://static-text':
      return {
        uri,
        mimeType: 'text/plain',
        text: 'This is the content of the static text resource.',
      };
    case 'test://static-binary':
      return { uri, mimeType: 'image/png', blob: png };
    case 'test://watched-resource':
      return { uri, mimeType: 'text/plain', text: 'Watched resource content.' };
    default:
      return null;
  }
}

const argument = (name: string) => ({ name, description: name, required: true });
const prompts: readonly (Prompt & {
  messages(args: Readonly<Record<string, string>>): ContentBlock[];
})[] = [
  {
    name: 'test_simple_prompt',
    description: 'A simple prompt',
    messages: () => [text('This is a simple prompt for testing.')],
  },
  {
    name: 'test_prompt_with_arguments',
    description: 'A prompt with arguments',
    arguments: [argument('arg1'), argument('arg2')],
    messages: (a) => [text(`Prompt with arguments: arg1='${a.arg1}', arg2='${a.arg2}'`)],
  },
  {
    name: 'test_prompt_with_embedded_resource',
    description: 'A prompt with a resource in it',
    arguments: [argument('resourceUri')],
    messages: (a) => [
      embedded(String(a.resourceUri), 'text/plain', 'Embedded resource content for testing.'),
      text('Please process the embedded resource above.'),
    ],
  },
  {
    name: 'test_prompt_with_image',
    description: 'A prompt with an image',
    messages: () => [image, text('Please analyze the image above.')],
  },
];

/** Reeve's handlers with the fixtures beside them. */
export function withFixtures(door: Door): Handlers {
  const reeve = reeveHandlers(door);
  return {
    ...reeve,
    capabilities: {
      ...reeve.capabilities,
      resources: { subscribe: true },
      prompts: {},
      logging: {},
      completions: {},
    },
    async listTools(caller, cursor) {
      const own = await reeve.listTools(caller, cursor);
      const fixtures = Object.entries(tools).map(([name, { inputSchema }]) => ({
        name,
        description: `Fixture ${name}`,
        inputSchema: { type: 'object', ...inputSchema },
      }));
      return { ...own, tools: [...own.tools, ...(fixtures as Tool[])] };
    },
    async callTool(caller, params, ctx, client) {
      const fixture = Object.hasOwn(tools, params.name) ? tools[params.name] : undefined;
      return fixture === undefined
        ? reeve.callTool(caller, params, ctx, client)
        : fixture.run(params.arguments ?? {}, ctx);
    },
    async listResources(caller) {
      const own = await reeve.listResources(caller);
      return { resources: [...own.resources, ...resources] };
    },
    async listResourceTemplates(caller) {
      const own = await reeve.listResourceTemplates(caller);
      const template = { uriTemplate: 'test://template/{id}/data', name: 'template' };
      return { resourceTemplates: [...own.resourceTemplates, template] };
    },
    async readResource(caller, uri) {
      const fixture = read(uri);
      return fixture === null ? reeve.readResource(caller, uri) : { contents: [fixture] };
    },
    extend(server) {
      server.setRequestHandler('resources/subscribe', () => ({}));
      server.setRequestHandler('resources/unsubscribe', () => ({}));
      server.setRequestHandler('completion/complete', () => ({
        completion: { values: ['paris', 'park', 'party'], total: 3, hasMore: false },
      }));
      server.setRequestHandler('prompts/list', () => ({
        prompts: [
          ...prompts.map(({ messages: _messages, ...prompt }) => prompt),
          inputRequiredPrompt,
        ],
      }));
      server.setRequestHandler('prompts/get', ({ params }, ctx) => {
        if (params.name === inputRequiredPrompt.name)
          return (
            askForContext(ctx) ??
            ({ messages: [{ role: 'user', content: text('So be it.') }] } satisfies GetPromptResult)
          );
        const prompt = prompts.find((p) => p.name === params.name);
        if (prompt === undefined) throw new Error(`no prompt ${params.name}`);
        const messages = prompt.messages(params.arguments ?? {});
        return {
          messages: messages.map((block) => ({ role: 'user', content: block })),
        } satisfies GetPromptResult;
      });
    },
  };
}
