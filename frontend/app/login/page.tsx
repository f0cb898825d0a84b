import { Disclaimer } from "@/components/ui/disclaimer";
import { LoginForm } from "./form";

export default function LoginPage() {
  return (
    <main className="grid min-h-dvh place-items-center p-4">
      <div className="w-full max-w-sm border border-line bg-panel">
        <header className="border-line border-b px-5 py-4">
          <p className="label">Kalshi Edge Trader</p>
          <h1 className="mt-1 font-medium text-lg">Log in</h1>
        </header>
        <LoginForm />
        <footer className="border-line border-t px-5 py-4">
          <Disclaimer />
        </footer>
      </div>
    </main>
  );
}
