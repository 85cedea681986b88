"""One piece of news: fingerprint, index, judge. Decides; touches nothing."""
