/** The passwords of ten characters and more that lists of leaked ones show most often, lower case. */
export const commonPasswords: ReadonlySet<string> = new Set(
  `
  1234567890 12345678910 123456789a 123456789q 1234567891 12345678900 123456789123 1234512345 1029384756 0123456789
  0987654321 9876543210 1111122222 1122334455 112233445566 1212121212 1231231231 123123123123 123321123321 1234554321
  12344321123 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc 1qazxsw2 1qazxsw23edc q1w2e3r4t5 q1w2e3r4t5y6 qwertyuiop
  qwertyuiop123 qwerty12345 qwerty123456 qwerty1234 qwertyqwerty qwerasdfzxcv qazwsxedcrfv zaq12wsxcde3 asdfghjkl1
  asdfghjkl123 asdfasdfasdf zxcvbnm123 zxcvbnmasdf abcd123456 abcde12345 abc1234567 abcdefghij abcdefghijk a123456789
  aa12345678 aa123456789 a1b2c3d4e5 a1s2d3f4g5 passw0rd123 password01 password10 password11 password12 password123
  password123! password1234 password12345 password123456 password2023 password2024 password2025 password2026
  passwordpassword passwort123 mypassword mypassword1 mypassword123 p@ssw0rd123 p@ssword123 p@ssw0rd1234 pa55word123
  administrator administrator1 admin12345 admin123456 adminadmin admin123admin rootroot123 changeme123 changeme1234
  letmein123 letmein1234 letmeinnow welcome123 welcome1234 welcome2024 welcome2025 iloveyou12 iloveyou123 iloveyou1234
  iloveyou2 iloveyouso monkey12345 dragon12345 football123 football12 baseball123 basketball superman123 batman12345
  starwars123 pokemon123 princess123 princess12 sunshine123 sunshine12 charlie123 michael123 jennifer123 michelle123
  liverpool1 liverpool123 chelsea123 manchester minecraft123 computer123 internet123 samsung123 google12345
  trustno1trustno1 whatever123 secret12345 hello12345 hello123456 helloworld helloworld1 helloworld123 test123456
  testtest123 test1234567 testing123 testing1234 default123 guest12345 user123456 indonesia123 indonesia1 jakarta123
  bismillah1 bismillah123 sayangku123 sayang12345 rahasia123 rahasia1234 katasandi123
  `
    .trim()
    .split(/\s+/),
)
