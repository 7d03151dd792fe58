// The page: what TanStack Query is given comes from the generated TasksQueries.
import { QueryClient, QueryClientProvider, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import { glue, type TaskError, Tasks } from "./generated/index.js";
import { TasksQueries } from "./generated/tasks.query.js";

const tasks = new TasksQueries(new Tasks(glue()));

function List(): ReactNode {
  const { data, error, isPending } = useQuery(tasks.list.queryOptions());
  const client = useQueryClient();
  const finish = useMutation({
    ...tasks.finish.mutationOptions(),
    onSuccess: () => client.invalidateQueries({ queryKey: tasks.list.queryKey() }),
  });

  if (isPending) return <p>One moment …</p>;
  if (error) return <p role="alert">{error.message}</p>;
  return (
    <ul aria-label="Tasks">
      {data.map(({ id, title, is_done }) => (
        <li key={id}>
          <span className={is_done ? "done" : ""}>{title}</span>{" "}
          <button type="button" disabled={is_done} onClick={() => finish.mutate({ id })}>
            {is_done ? "done" : `finish ${title}`}
          </button>
        </li>
      ))}
    </ul>
  );
}

function Add(): ReactNode {
  const [title, setTitle] = useState("");
  const client = useQueryClient();
  const add = useMutation({
    ...tasks.add.mutationOptions({ timeoutMs: 10_000 }),
    onSuccess: () => {
      setTitle("");
      return client.invalidateQueries({ queryKey: tasks.list.queryKey() });
    },
  });
  const { error } = add;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    add.mutate({ title });
  };

  return (
    <form onSubmit={submit}>
      <label>
        Title <input value={title} onChange={(event) => setTitle(event.target.value)} />
      </label>{" "}
      <button type="submit">add</button>
      {error && <p role="alert">{error.code === "application" ? explain(error.data) : error.message}</p>}
    </form>
  );
}

function explain(error: TaskError): string {
  return error.reason === "taken" ? `task ${error.id} has this title` : "there is no such task";
}

function News(): ReactNode {
  // What is in the cache stays as it is for as long as the stream runs.
  const { data = [] } = useQuery({ ...tasks.activity.streamedOptions({}, { keep: 5 }), staleTime: Infinity });

  return (
    <ol aria-label="Activity">
      {data.map((activity, index) => (
        <li key={index}>
          {"Added" in activity ? `added ${activity.Added.title}` : `finished ${activity.Finished.title}`}
        </li>
      ))}
    </ol>
  );
}

const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
createRoot(document.getElementById("page") ?? document.body).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <h1>Tasks</h1>
      <Add />
      <List />
      <h2>Activity</h2>
      <News />
    </QueryClientProvider>
  </StrictMode>,
);
