import { column, Schema, Table } from '@powersync/web';

export const schema = new Schema({
  lists: new Table({ name: column.text, owner_id: column.text }),
  todos: new Table({
    list_id: column.text,
    description: column.text,
    completed: column.integer,
    owner_id: column.text,
  }),
});
