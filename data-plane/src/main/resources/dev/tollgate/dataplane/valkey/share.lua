-- One account of limits: a hash of what each proxy holds, "requests tokens concurrent | demand of each | until".
-- A proxy says what it holds and what it would like; it gets more only of what nobody holds. What has not been said
-- again within the lifetime is nobody's.
local now = redis.call('TIME')
local millis = now[1] * 1000 + math.floor(now[2] / 1000)
local me = ARGV[1]
local lifetime = tonumber(ARGV[2])
local elsewhere = {0, 0, 0}
local others = {}
local known = 0
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local words = {}
  for word in string.gmatch(all[i + 1], '%S+') do words[#words + 1] = tonumber(word) end
  if #words ~= 7 or words[7] < millis then
    redis.call('HDEL', KEYS[1], all[i])
  elseif all[i] == me then
    known = 1
  else
    for kind = 1, 3 do elsewhere[kind] = elsewhere[kind] + words[kind] end
    others[#others + 1] = all[i]
    for kind = 4, 6 do others[#others + 1] = string.format('%d', words[kind]) end
  end
end
local mine = {}
for kind = 1, 3 do
  local held = tonumber(ARGV[2 + kind])
  local wanted = tonumber(ARGV[5 + kind])
  local limit = tonumber(ARGV[8 + kind])
  local free = limit - elsewhere[kind] - held
  if wanted > held and free > 0 then held = held + math.min(wanted - held, free) end
  mine[kind] = string.format('%d', held)
end
redis.call('HSET', KEYS[1], me, table.concat(mine, ' ') .. ' ' .. ARGV[12] .. ' ' .. ARGV[13] .. ' ' .. ARGV[14]
  .. ' ' .. string.format('%d', millis + lifetime))
redis.call('PEXPIRE', KEYS[1], lifetime)
local answer = {known, mine[1], mine[2], mine[3]}
for i = 1, #others do answer[#answer + 1] = others[i] end
return answer
