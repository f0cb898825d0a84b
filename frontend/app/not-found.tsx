import { Trouble } from "@/components/ui/trouble";

export default function NotFound() {
  return (
    <Trouble label="404" title="No such page">
      <p>The dashboard has one page, and this is not its address.</p>
      <a className="text-focus underline" href="/dashboard">
        To the dashboard
      </a>
    </Trouble>
  );
}
