module.exports = {
  threads: [
    {
      posts: [
        {"no": 5001, "now": "03/01/25(Sat)10:00:00", "name": "Anonymous", "sub": "Kettles &amp; pans", "com": "Post the loudest thing in your kitchen.<br>Mine is a <span class=\"quote\">&gt;whistling kettle</span>", "filename": "kettle", "ext": ".jpg", "w": 640, "h": 480, "tn_w": 250, "tn_h": 187, "tim": 1740823200123, "time": 1740823200, "md5": "AAAAAAAAAAAAAAAAAAAAAA==", "fsize": 1000, "resto": 0, "bumplimit": 0, "imagelimit": 0, "semantic_url": "kettles-pans", "replies": 5, "images": 1, "unique_ips": 4, "omitted_posts": 2, "omitted_images": 0},
        {"no": 5007, "now": "03/01/25(Sat)10:09:00", "name": "Anonymous", "id": "h7Kq2", "com": "<a href=\"#p5003\" class=\"quotelink\">&gt;&gt;5003</a><br><a href=\"#p5002\" class=\"quotelink\">&gt;&gt;5002</a><br>as in <a href=\"/ck/thread/4800#p4811\" class=\"quotelink\">&gt;&gt;4811</a> and <a href=\"//boards.4chan.org/diy/thread/77#p77\" class=\"quotelink\">&gt;&gt;&gt;/diy/77</a>", "time": 1740823740, "resto": 5001},
        {"no": 5011, "now": "03/01/25(Sat)10:15:00", "name": "Anonymous", "com": "<span class=\"deadlink\">&gt;&gt;5005</span><br>You deleted it, but I heard it all the same, through the super<wbr>structure.", "time": 1740824100, "resto": 5001}
      ]
    }
  ]
};
