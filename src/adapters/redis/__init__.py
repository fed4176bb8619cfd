"""Jobs on Redis or Valkey: queue, store and schedules behind their ports."""
