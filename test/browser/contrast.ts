import type { Locator } from 'playwright-core';

/** Visible texts that don't stand out from what is behind them by 4.5 to 1, which WCAG AA asks of text of normal size. */
export function lowContrast(place: Locator): Promise<string[]> {
  return place.evaluate((root) => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    /** Red, green, blue and alpha from 0 to 1, of whatever CSS calls a colour. */
    function read(color: string): number[] {
      if (!canvas) throw new Error('no canvas');
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
      return [...canvas.getImageData(0, 0, 1, 1).data].map((value) => value / 255);
    }
    function over(top: number[], below: number[]): number[] {
      const alpha = top[3] ?? 1;
      return [0, 1, 2].map((i) => (top[i] ?? 0) * alpha + (below[i] ?? 0) * (1 - alpha));
    }
    function behind(element: Element | null): number[] {
      if (!element) return [1, 1, 1];
      const color = read(getComputedStyle(element).backgroundColor);
      return color[3] === 1 ? color : over(color, behind(element.parentElement));
    }
    function luminance(color: number[]): number {
      const [r = 0, g = 0, b = 0] = color.map((c) =>
        c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4,
      );
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    }
    function ratio(color: string, element: Element): number {
      const below = behind(element);
      const [a, b] = [luminance(over(read(color), below)), luminance(below)];
      return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    }

    const low: string[] = [];
    const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text; text = texts.nextNode()) {
      const element = text.parentElement;
      if (!element?.checkVisibility() || !text.textContent?.trim()) continue;
      const found = ratio(getComputedStyle(element).color, element);
      if (found < 4.5) low.push(`${text.textContent} (${found.toFixed(2)})`);
    }
    for (const input of root.querySelectorAll('input[placeholder]')) {
      const found = ratio(getComputedStyle(input, '::placeholder').color, input);
      if (found < 4.5) low.push(`placeholder (${found.toFixed(2)})`);
    }
    return low;
  });
}
