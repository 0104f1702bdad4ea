import type { FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';
import { type FieldError, invalidBody, notFound, Problem } from '../problems.ts';
import { fieldErrors } from './messages.ts';
import { unstorable } from './text.ts';

/** Checks each part of a request against its Zod schema; what is wrong becomes a {@link Problem}. */
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  return (input: unknown) => {
    // Fastify says null for a body that is not there.
    const given = httpPart === 'body' && input === null ? undefined : input;
    const unsafe = unstorable(given);
    if (unsafe.length > 0) return { error: problem(httpPart, unsafe) };
    const result = schema.safeParse(given);
    if (result.success) return { value: result.data };
    return { error: problem(httpPart, fieldErrors(schema, result.error.issues, given)) };
  };
};

function problem(part: string | undefined, errors: FieldError[]): Problem {
  if (part === 'params') return notFound('such record: an id is a positive whole number');
  if (part === 'body') return invalidBody(errors);
  const named = errors.map(({ pointer, detail }) => ({ pointer: pointer.slice(1), detail }));
  const where = part === 'headers' ? 'Header' : 'Query parameter';
  const [first] = named;
  return new Problem('invalid-query', `${where} "${first?.pointer}" ${first?.detail}`, { errors: named });
}
