/** RESP2 replies (https://redis.io/docs/latest/develop/reference/protocol-spec/). Texts are latin1. */
export const ok = '+OK\r\n';
export const integer = (value: number): string => `:${value}\r\n`;
export const refusal = (message: string): string => `-${message}\r\n`;
export const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`;
export const array = (items: readonly string[]): string => `*${items.length}\r\n${items.join('')}`;
