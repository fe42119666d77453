-- A mixed script: calls, tables, strings, closures, methods, coroutines, sorting. Prints integers only.
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
print("fib", fib(24))

local seed = 12345
local function random(n)
  seed = (seed * 1103515245 + 12345) % 2147483648
  return seed // 65536 % n
end

local function sieve(n)
  local composite, count = {}, 0
  for i = 2, n do
    if not composite[i] then
      count = count + 1
      for j = i * i, n, i do composite[j] = true end
    end
  end
  return count
end
print("primes", sieve(100000))

local words = {}
for i = 1, 6000 do
  local letters = {}
  for k = 1, 3 + random(6) do letters[k] = string.char(97 + random(26)) end
  words[i] = table.concat(letters)
end
table.sort(words)
print("words", words[1], words[3000], words[6000])

local count = {}
for _, w in ipairs(words) do
  local key = w:sub(1, 2)
  count[key] = (count[key] or 0) + 1
end
local most, best = 0, ""
for key, n in pairs(count) do
  if n > most or n == most and key < best then most, best = n, key end
end
print("prefix", best, most)

local text = table.concat(words, " ")
print("gsub", select(2, text:gsub("([aeiou])([^aeiou ])", "%2%1")), #text:upper():reverse())
local n = 0
for w in text:gmatch("%a+") do n = n + #w * (w:byte() - 96) end
print("gmatch", n)

local Account = {}
Account.__index = Account
function Account.new(b) return setmetatable({balance = b}, Account) end
function Account:deposit(v) self.balance = self.balance + v end
local accounts = {}
for i = 1, 100 do accounts[i] = Account.new(i) end
for i = 1, 200000 do accounts[i % 100 + 1]:deposit(i % 7) end
local total = 0
for _, a in ipairs(accounts) do total = total + a.balance end
print("accounts", total)

local function counter()
  local c = 0
  return function(x) c = c + x; return c end
end
local add, sum = counter(), 0
for i = 1, 200000 do sum = add(i & 15) end
print("closure", sum)

local producer = coroutine.wrap(function() for i = 1, 20000 do coroutine.yield(i * i % 1000) end return nil end)
sum = 0
for v in producer do sum = sum + v end
print("coroutine", sum)

local x = 0.0
for i = 1, 300000 do x = x + 1.0 / (i * (i + 1.0)) end
print("series", math.floor(x * 1000000000))

local grid = {}
for i = 1, 60 do
  grid[i] = {}
  for k = 1, 60 do grid[i][k] = (i * k) % 17 end
end
sum = 0
for i = 1, 60 do
  for k = 1, 60 do
    local s = 0
    for m = 1, 60 do s = s + grid[i][m] * grid[m][k] end
    sum = (sum * 31 + s) % 1000000007
  end
end
print("matrix", sum)
