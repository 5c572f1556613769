-- Read what is known of one agreement; nothing changes. Returns {} for one that was not called lately, else
-- {spent, granted, seconds since the last call, failures, trips, seconds for which the breaker is open, and blocked}
if bucket.slice == 0 then return {} end
return {exact(spent()), exact(granted()), exact(math.max(0, now - (bucket.slice + 1) * SLICE)), exact(bucket.failures),
  exact(bucket.trips), exact(math.max(0, bucket.open - now)), exact(math.max(0, bucket.blocked - now))}
